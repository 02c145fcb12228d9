import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { filmMessage, frameMark, keepsOrder } from '../../../src/pipeline/talk/film-prompt.ts'
import { arrange } from '../../../src/pipeline/talk/messages.ts'
import { promptText } from '../../../src/pipeline/talk/prompt.ts'
import { createChatTemplate } from '../../../src/text/chat-template.ts'
import { picture, type Tiny, tinyModel } from '../tiny-model.ts'

const imagesFirst =
  "{% for message in messages %}{% for part in message['content'] %}{% if part['type'] == 'image' %}{{ '<image>' }}" +
  "{% endif %}{% endfor %}{{ '<user>' }}{% for part in message['content'] %}{% if part['type'] != 'image' %}" +
  "{{ part['text'] }}{% endif %}{% endfor %}{% endfor %}{{ '<assistant>' }}"

/** Pictures and what stands between them come before the turn's mark, the question behind it. */
const inOrder =
  "{% for message in messages %}{% if message['content'] is not string %}{% set seen = namespace(last=-1) %}" +
  "{% for part in message['content'] %}{% if part['type'] == 'image' %}{% set seen.last = loop.index0 %}{% endif %}{% endfor %}" +
  "{% for part in message['content'] %}{% if part['type'] == 'image' %}{{ '<image>' }}{% elif loop.index0 < seen.last %}" +
  "{{ part['text'] }}{% endif %}{% endfor %}{{ '<user>' }}{% for part in message['content'] %}" +
  "{% if loop.index0 > seen.last %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}{% endfor %}{{ '<assistant>' }}"

describe('a film as so many pictures', () => {
  let tiny: Tiny
  beforeAll(async () => {
    tiny = await tinyModel()
  })
  afterAll(() => tiny?.close())

  const withTemplate = (source: string) => ({ ...tiny.model.parts, template: createChatTemplate(source) })

  it('marks each frame with its second', () => {
    expect([0, 3, 0.5, 1 / 3].map(frameMark)).toEqual(['0', '3', '0.5', '0.33'])
    const message = filmMessage(
      [
        { image: picture(1), second: 0 },
        { image: picture(2), second: 0.5 },
      ],
      'what moves?',
    )
    const { messages } = arrange([message])
    expect(messages[0].content).toEqual([
      { type: 'text', text: '0' },
      { type: 'image' },
      { type: 'text', text: '0.5' },
      { type: 'image' },
      { type: 'text', text: 'what moves?' },
    ])
    expect(promptText(withTemplate(inOrder), { messages })).toBe('0<image>0.5<image><user>what moves?<assistant>')
  })

  it('needs a template that keeps the order of parts', () => {
    expect(keepsOrder(withTemplate(inOrder))).toBe(true)
    expect(keepsOrder(withTemplate(imagesFirst))).toBe(false)
  })
})
