import { describe, expect, test } from 'vitest'
import { FoveaError } from '../../src/errors.ts'
import { type ChatMessage, createChatTemplate } from '../../src/text/chat-template.ts'
import { renderWhole } from '../../src/text/whole-rendering.ts'

const OF_STRINGS = `{% for message in messages %}{% if message.role == 'system' %}{{ raise_exception('no system') }}{% endif %}
[{{ message.role }}] {{ message.content | trim }}{% endfor %}`
const DUMPING = '{% for message in messages %}[{{ message.role }}] {{ message.content }}\n{% endfor %}'
const OF_PARTS =
  "{% for message in messages %}{% for part in message.content %}{% if part.type == 'text' %}<{{ part.text }}>{% endif %}{% endfor %}{% endfor %}"
const render = (source: string, messages: readonly ChatMessage[], protect?: (text: string) => string) =>
  createChatTemplate(source).render(messages, { protect })
const parts = (...texts: string[]) => texts.map((text) => ({ type: 'text', text }) as const)

describe('text that comes as parts', () => {
  test('is given as one string to templates that fail with parts, or write them out', () => {
    const messages: ChatMessage[] = [{ role: 'user', content: parts('one', 'two') }]
    expect(render(OF_STRINGS, messages)).toBe('[user] one\ntwo')
    expect(render(DUMPING, messages)).toBe('[user] one\ntwo\n')
  })

  test('stays as it is for templates that take parts', () => {
    expect(render(OF_PARTS, [{ role: 'user', content: parts('one', 'two') }])).toBe('<one><two>')
  })

  test('may spell parts itself', () => {
    const text = '{"type": "text", "text": "x"}'
    expect(render(OF_PARTS, [{ role: 'user', content: parts(text) }])).toBe(`<${text}>`)
  })

  test('is found behind the marks that keep it from becoming tokens', () => {
    const protect = (text: string) => text.replaceAll('<s>', '<\uFDD0s>')
    expect(render(OF_PARTS, [{ role: 'user', content: parts('a <s> b') }], protect)).toBe('<a <\uFDD0s> b>')
  })
})

describe('instructions', () => {
  const messages: ChatMessage[] = [
    { role: 'system', content: parts('be brief') },
    { role: 'user', content: parts('what?') },
  ]

  test('go before the first question where a template refuses or loses them', () => {
    expect(render(OF_STRINGS, messages)).toBe('[user] be brief\nwhat?')
    const deaf = OF_PARTS.replace(
      '{% for part',
      "{% for part in [] if false %}{% endfor %}{% if message.role == 'user' %}{% for part",
    )
    expect(render(deaf.replace(/{% endfor %}$/, '{% endif %}{% endfor %}'), messages)).toBe('<be brief\nwhat?>')
  })

  test('go before the text of a question about an image, behind the image', () => {
    const about: ChatMessage[] = [messages[0], { role: 'user', content: [{ type: 'image' }, ...parts('what?')] }]
    const source = OF_PARTS.replace('{% endif %}', '{% else %}<image>{% endif %}').replace(
      '{% for message in messages %}',
      "{% for message in messages if message.role == 'user' %}",
    )
    expect(render(source, about)).toBe('<image><be brief\nwhat?>')
  })
})

describe('what no form mends', () => {
  test('is said: a question that is left out, and what the template itself says', () => {
    expect(() => render('hello', [{ role: 'user', content: 'what?' }])).toThrow(
      'the chat template leaves out what is asked',
    )
    const refusing = "{{ raise_exception('never') }}"
    expect(() => render(refusing, [{ role: 'user', content: parts('what?') }])).toThrow('refuses the messages: never')
  })

  test('what was answered before may be left out', () => {
    const source = "{% for message in messages if message.role == 'user' %}{{ message.content }};{% endfor %}"
    const messages: ChatMessage[] = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'long thoughts' },
      { role: 'user', content: 'b' },
    ]
    expect(render(source, messages)).toBe('a;b;')
  })
})

describe('the form that served a template', () => {
  /** A template for text alone that knows no instructions; notes how often it is rendered. */
  const textAlone = (calls: number[]) => (messages: readonly ChatMessage[]) => {
    calls.push(messages.length)
    if (messages.some(({ role }) => role === 'system')) throw new Error('no system')
    return messages
      .map(({ role, content }) => `${role}: ${typeof content === 'string' ? content : '[parts]'}`)
      .join('\n')
  }
  const asked = (text: string): ChatMessage[] => [
    { role: 'system', content: [{ type: 'text', text: 'be brief' }] },
    { role: 'user', content: [{ type: 'text', text }] },
  ]
  const lossError = () => new FoveaError('template_error', 'input', 'lost')

  test('is tried first for messages of the same kind, and not for others', () => {
    const [calls, served] = [[] as number[], new Map<string, number>()]
    const render = textAlone(calls)
    expect(renderWhole(asked('what?'), render, lossError, served)).toBe('user: be brief\nwhat?')
    expect(calls.splice(0)).toHaveLength(4)
    expect(renderWhole(asked('and now?'), render, lossError, served)).toBe('user: be brief\nand now?')
    expect(calls.splice(0)).toHaveLength(1)
    const plain: ChatMessage[] = [{ role: 'user', content: 'hello' }]
    expect(renderWhole(plain, render, lossError, served)).toBe('user: hello')
    expect(calls).toHaveLength(1)
  })

  test('gives way where it leaves something out', () => {
    const [calls, served] = [[] as number[], new Map<string, number>()]
    renderWhole(asked('what?'), textAlone(calls), lossError, served)
    const takesParts = (messages: readonly ChatMessage[]) =>
      messages
        .map(({ content }) =>
          typeof content === 'string'
            ? ''
            : content.map((part) => JSON.stringify(part.type === 'text' ? part.text : '')).join(''),
        )
        .join('|')
    expect(renderWhole(asked('now?'), takesParts, lossError, served)).toBe('"be brief"|"now?"')
  })
})
