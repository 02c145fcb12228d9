/** Writers of hostile tokenizer and template files, and of weights that only computing shows to be damaged. */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { config, editJson, editTensors, type HostileModel, type Json, put } from './hostile-folder.ts'

const tokenizer = (change: (json: Json) => unknown) => (folder: string) => editJson(folder, 'tokenizer.json', change)
const template = (source: string) => put('chat_template.jinja', source)

/** Every weight's numbers (float32) become `value`. */
const filled = (value: number) => (folder: string) =>
  editTensors(folder, (_, data) => new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4).fill(value))

export const HOSTILE_TEXTS: HostileModel[] = [
  {
    name: 'tokenizer cut off',
    code: 'file_invalid',
    message: 'tokenizer.json: truncated',
    write: put('tokenizer.json', '{"model":{"vo'),
  },
  {
    name: 'tokenizer nested 100 000 deep',
    code: 'file_invalid',
    message: 'nested deeper than',
    write: put('tokenizer.json', `{"model":{"vocab":{}},"x":${'['.repeat(1e5)}${']'.repeat(1e5)}}`),
  },
  {
    name: 'added tokens that are a number',
    code: 'tokenizer_invalid',
    message: 'tokenizer.json: added_tokens: it must be a list, found 5',
    write: tokenizer((json) => void (json.added_tokens = 5)),
  },
  {
    name: 'merges that are a number',
    code: 'tokenizer_invalid',
    message: 'tokenizer.json: model.merges: it must be a list, found 5',
    write: tokenizer((json) => void (json.model.merges = 5)),
  },
  {
    name: 'a tokenizer of a larger vocabulary',
    code: 'token_id_invalid',
    message: 'the model has 640',
    write: tokenizer((json) => {
      const { vocab } = json.model
      for (const token of Object.keys(vocab)) if (vocab[token] > 4) vocab[token] += 100_000
    }),
  },
  {
    name: 'an image token that the tokenizer lacks',
    code: 'image_count',
    message: 'places for 0 images',
    write: config({ image_token_index: 2 ** 31 }),
  },
  ...[
    ['an endless loop', '{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}'],
    [
      'a text that doubles',
      `{% set n = namespace(x='aaaa') %}{% for a in range(40) %}{% set n.x = n.x + n.x %}{% endfor %}`,
    ],
    ['a file that is included', "{% include '/etc/passwd' %}"],
    ['a file that is opened', "{{ open('/etc/passwd').read() }}"],
  ].map(
    ([name, source]): HostileModel => ({
      name: `a template with ${name}`,
      code: 'template_error',
      message: 'the chat template',
      write: template(source),
    }),
  ),
  {
    name: 'a template that asks for more images than there are',
    code: 'image_count',
    message: 'the prompt has places for 500 images, 1 were given',
    write: template(
      "{% for i in range(500) %}{{ '<image>' }}{% endfor %}{% for part in messages[0]['content'] %}{{ part['text'] }}{% endfor %}",
    ),
  },
  {
    name: 'weights that are not numbers',
    code: 'logits_invalid',
    message: 'its weights or the input are damaged',
    write: filled(Number.NaN),
  },
  {
    name: 'weights that are infinite',
    code: 'logits_invalid',
    message: 'its weights or the input are damaged',
    write: filled(Number.POSITIVE_INFINITY),
  },
  {
    name: 'config.json that links to an endless device',
    code: 'file_unreadable',
    message: 'config.json: it cannot be read',
    write: (folder) => {
      rmSync(join(folder, 'config.json'))
      symlinkSync('/dev/zero', join(folder, 'config.json'))
    },
  },
  {
    name: 'weights that are a folder',
    code: 'checkpoint_invalid',
    message: 'model.safetensors is not a file',
    write: (folder) => {
      rmSync(join(folder, 'model.safetensors'))
      mkdirSync(join(folder, 'model.safetensors'))
    },
  },
  {
    name: 'a shard outside the folder',
    family: 'llava-bf16-sharded',
    code: 'checkpoint_invalid',
    message: '"../secret.safetensors" is not the name of a .safetensors file',
    write: (folder) =>
      editJson(folder, 'model.safetensors.index.json', ({ weight_map }) => {
        weight_map[Object.keys(weight_map)[0]] = '../secret.safetensors'
      }),
  },
  {
    name: 'a shard that is missing',
    family: 'llava-bf16-sharded',
    code: 'checkpoint_invalid',
    message: 'model-00002-of-00002.safetensors is missing',
    write: (folder) => rmSync(join(folder, 'model-00002-of-00002.safetensors')),
  },
]
