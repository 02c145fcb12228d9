/** Models in other forms than safetensors, and weights that are no numbers: one line that says what to do, exit code 3. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fovea } from '../cli/fovea.ts'
import { ownCache } from '../quantization/cache-folder.ts'
import { editTensors, type HostileModel, imageOf } from './hostile-folder.ts'
import { expectRefusal, writeHostile } from './refusal.ts'

ownCache()

/** A model folder whose weights are these files; `bare` leaves nothing else in it. */
const only =
  (names: readonly string[], bare = false) =>
  (folder: string) => {
    rmSync(bare ? folder : join(folder, 'model.safetensors'), { recursive: true })
    for (const name of names) {
      mkdirSync(join(folder, name, '..'), { recursive: true })
      writeFileSync(join(folder, name), 'GGUF or whatever it holds')
    }
  }

const GGUF = ['model-Q4_K_M.gguf', 'mmproj-f16.gguf']
const ONNX = ['onnx/decoder_model_merged.onnx', 'onnx/decoder_model_merged.onnx_data', 'onnx/embed_tokens.onnx']

const OTHER: HostileModel[] = [
  {
    name: 'a text that is called GGUF',
    code: 'checkpoint_invalid',
    message: /model-Q4_K_M.gguf: GGUF of version \d+; 2 and 3 are read/,
    write: only(GGUF),
  },
  {
    name: 'an ONNX export with external data',
    code: 'checkpoint_format',
    message: /only ONNX graphs.*name any file of this machine.*"onnx\/decoder_model_merged.onnx_data".*in safetensors/,
    write: only(ONNX),
  },
  {
    name: 'ONNX beside the config',
    code: 'checkpoint_format',
    message: /only ONNX graphs.*\("model.onnx", "model.onnx.data"\)/,
    write: only(['model.onnx', 'model.onnx.data']),
  },
  { name: 'pickles', code: 'checkpoint_pickle', message: 'only pickle weights', write: only(['pytorch_model.bin']) },
  {
    name: 'TensorFlow weights',
    code: 'checkpoint_format',
    message: 'only weights for other programs',
    write: only(['tf_model.h5']),
  },
]

test.each(OTHER)('$name is refused with what to do', async (hostile) => {
  expect.hasAssertions()
  await expectRefusal(hostile)
})

const named = (name: string) => OTHER.find((hostile) => hostile.name === name)!
const forward = (model: string, ...more: string[]) =>
  fovea('forward', model, '--image', imageOf(), '--prompt', 'what?', '--json', ...more)
const refused = { status: 3, stdout: '', stderr: expect.stringMatching(/^fovea: [^\n]+\n$/) }

describe('the command line', () => {
  test.each([named('a text that is called GGUF'), named('an ONNX export with external data')])(
    'exits 3 on $name',
    async (hostile) => {
      expect(await forward(await writeHostile(hostile))).toMatchObject(refused)
    },
  )

  test('exits 3 on a GGUF file itself', async () => {
    const folder = await writeHostile(named('a text that is called GGUF'))
    const ended = await forward(join(folder, GGUF[0]))
    expect(ended).toMatchObject(refused)
    expect(ended.stderr).toContain('GGUF of version')
  })

  /** One value in one layer: the last of its weights. */
  const spoil = (value: number) => (folder: string) =>
    editTensors(folder, (name, data) => {
      if (!name.endsWith('layers.1.mlp.down_proj.weight') || name.includes('vision')) return
      new DataView(data.buffer, data.byteOffset).setFloat32(data.byteLength - 4, value, true)
    })

  test.each([
    ['NaN', Number.NaN, 'fp32'],
    ['infinite', Number.POSITIVE_INFINITY, 'fp32'],
    ['NaN', Number.NaN, 'int8'],
    ['infinite', Number.POSITIVE_INFINITY, 'int8'],
    ['NaN', Number.NaN, 'int4'],
  ])('exits 3 when a weight is %s (%d) in %s', async (_, value, dtype) => {
    const ended = await forward(await writeHostile({ ...OTHER[0], write: spoil(value) }), '--dtype', dtype)
    expect(ended.stderr).toMatch(/damaged|not a number/)
    expect(ended).toMatchObject(refused)
  })
})
