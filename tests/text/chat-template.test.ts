import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { type ChatMessage, createChatTemplate } from '../../src/text/chat-template.ts'
import { loadChatTemplate } from '../../src/text/load-chat-template.ts'
import { cpuTime } from '../cpu-time.ts'
import { tokenizer } from './tiny-tokenizer.ts'

const TEMPLATE = `{%- for message in messages %}
<|im_start|>{{ message.role }}
{%- if message.content is string %}
{{ message.content }}
{%- else %}
{%- for part in message.content %}
{%- if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}
{%- endfor %}
{%- endif %}<|im_end|>
{%- endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant{% endif %}`

const question: ChatMessage = { role: 'user', content: [{ type: 'image' }, { type: 'text', text: 'a <image> </s>' }] }

function failure(source: string): Error {
  try {
    createChatTemplate(source).render([{ role: 'user', content: 'hi' }])
  } catch (error) {
    return error as Error
  }
  return expect.fail('nothing was thrown')
}

describe('rendering', () => {
  test('messages with parts', () => {
    const text = createChatTemplate(TEMPLATE).render([question])
    expect(text).toBe('<|im_start|>user<image>a <image> </s><|im_end|><|im_start|>assistant')
    expect(createChatTemplate(TEMPLATE).render([question], { addGenerationPrompt: false })).not.toContain('assistant')
  })

  test('special tokens typed by the user stay text: one image in, one image token out', () => {
    const prompt = createChatTemplate(TEMPLATE).render([question], { protect: tokenizer.protect })
    const ids = tokenizer.encode(prompt, { special: true })
    expect(ids.filter((id) => id === tokenizer.tokenToId('<image>'))).toHaveLength(1)
    expect(ids).not.toContain(tokenizer.tokenToId('</s>'))
    expect(tokenizer.unprotect(prompt)).toContain('a <image> </s>')
  })

  test('further variables are passed on, but own names cannot be replaced', () => {
    const template = createChatTemplate('{{ language }}{{ bos_token }}')
    expect(template.render([], { variables: { language: 'de' }, bosToken: '<s>' })).toBe('de<s>')
    for (const name of ['messages', 'add_generation_prompt', 'tools', 'range', 'true']) {
      const expected = { code: 'template_variable_reserved', message: expect.stringContaining(`"${name}"`) }
      expect(() => template.render([], { variables: { [name]: 1 } })).toThrow(expect.objectContaining(expected))
    }
  })

  test('a template may refuse messages in its own words', () => {
    const error = failure("{{ raise_exception('roles must alternate') }}")
    expect(error.message).toBe('the chat template refuses the messages: roles must alternate')
  })
})

test("time that other processes take is not the template's", () => {
  const template = createChatTemplate('{% for i in range(200) %}x{% endfor %}')
  let hours = 0
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => 3_600_000 * hours++)
  try {
    expect(template.render([])).toBe('x'.repeat(200))
  } finally {
    clock.mockRestore()
  }
})

describe('hostile templates', () => {
  const doubling = `{% set ns = namespace(x='xx') %}{% for i in range(32) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}`
  test.each([
    ['a long range', '{% for i in range(1000000) %}x{% endfor %}'],
    ['an endless range', '{{ range(0, 1, 1e-9) | length }}{{ range(1e308) }}'],
    ['nested ranges', '{% for i in range(2000) %}{% for j in range(2000) %}x{% endfor %}{% endfor %}'],
    ['a string doubled 32 times', doubling],
    ['endless recursion', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'],
    ['5000 parentheses', `{{ ${'('.repeat(5000)}1${')'.repeat(5000)} }}`],
    ['an unclosed loop', '{% for i in range(3) %}x'],
    ['300 kB of template', 'x'.repeat(300_000)],
    [
      'a list that doubles',
      `{% set ns = namespace(x=[1]) %}{% for i in range(40) %}{% set ns.x = ns.x + ns.x %}{% endfor %}`,
    ],
    ['an indentation of 10^9', `{{ 'a' | indent(1000000000, true) }}`],
    ['not Jinja', '{{ 1 +'],
    ['an unknown function', '{{ lipsum() }}'],
  ])('%s is refused with template_error, soon', async (_, source) => {
    let error = new Error()
    const time = await cpuTime(() => {
      error = failure(source)
    })
    expect(time).toBeLessThan(600)
    expect(error).toMatchObject({ name: 'FoveaError', code: 'template_error', kind: 'input' })
    expect(error.message).not.toMatch(/\n|node_modules|\bat /)
  })

  test.each([
    "{{ ''.constructor }}",
    "{{ ''.constructor.constructor('return process')() }}",
    '{{ messages.__proto__ }}',
    "{{ messages['constructor']['constructor'] }}",
    "{{ (range).constructor('return 1')() }}",
    '{{ cycler.__init__.__globals__.os }}',
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ messages[0]['__proto__'] }}{{ self }}{{ process }}{{ globalThis }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    '{{ raise_exception.caller }}{{ namespace.prototype }}',
  ])('gadget %s reaches nothing of the host', (source) => {
    let text = ''
    try {
      text = createChatTemplate(source).render([{ role: 'user', content: 'hi' }])
    } catch (error) {
      expect(error).toMatchObject({ name: 'FoveaError', code: 'template_error' })
    }
    expect(text).not.toMatch(/function|native code|\[object|uid=|process/)
  })

  test('a template cannot change objects of the host', () => {
    const messages: ChatMessage[] = [{ role: 'user', content: 'hi' }]
    expect(() => createChatTemplate('{% set messages.__proto__.polluted = 1 %}').render(messages)).toThrow(
      'the chat template',
    )
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(messages).toEqual([{ role: 'user', content: 'hi' }])
  })
})

describe('loadChatTemplate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fovea-template-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const text = async (name?: string) => (await loadChatTemplate(folder, name)).render([])

  test('each place in its order, and an error when there is none', async () => {
    await expect(text()).rejects.toMatchObject({ code: 'template_missing', kind: 'input' })
    const list = [
      { name: 'default', template: 'list' },
      { name: 'tool_use', template: 'tools' },
    ]
    writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify({ chat_template: list }))
    expect([await text(), await text('tool_use')]).toEqual(['list', 'tools'])
    await expect(text('rag')).rejects.toMatchObject({ code: 'template_missing' })
    const later = ['processor_config.json', 'chat_template.json']
    for (const name of later) {
      writeFileSync(join(folder, name), JSON.stringify({ chat_template: name }))
      expect(await text()).toBe(name)
    }
    writeFileSync(join(folder, 'chat_template.jinja'), 'jinja')
    expect(await text()).toBe('jinja')
  })
})
