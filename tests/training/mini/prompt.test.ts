import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ChatMessage, MessagePart } from '../../../src/text/chat-message.ts'
import { createChatTemplate } from '../../../src/text/chat-template.ts'
import { createTokenizer } from '../../../src/text/tokenizer.ts'
import { lessonBatches } from '../../../src/training/mini/data.ts'
import { partsOf } from '../../../src/training/mini/parts.ts'
import { chatTemplate, special } from '../../../src/training/mini/tokenizer.ts'
import type { QA } from '../../../src/world/index.ts'

const tokenizer = createTokenizer(JSON.parse(readFileSync('models/fovea-mini/tokenizer.json', 'utf8')))
const encode = (text: string) => tokenizer.encode(text)

describe('the chat template of fovea-mini', () => {
  const options = { side: 96, patch: 8, seed: 5, split: 'train', encode } as const
  const shownBy = (name: string) => {
    const parts = partsOf({ batch: 1, text: 400 }).filter((part) => part.name === name)
    const batch = lessonBatches(options, parts)(0)
    const { ask } = parts[0].lesson({ split: 'train', seed: 5, index: 0, scenes: parts[0].scenes })
    return { ids: Array.from(batch[`${name}.ids`].data, Number), turns: ask()[0] }
  }
  const rendered = (turns: readonly QA[], pictures: readonly MessagePart[]) => {
    const messages = turns.flatMap(({ question, answer }, at): ChatMessage[] => [
      { role: 'user', content: [...(at === 0 ? pictures : []), { type: 'text', text: question }] },
      { role: 'assistant', content: answer },
    ])
    return createChatTemplate(chatTemplate).render(messages.slice(0, -1))
  }

  it.each([
    ['still', 1],
    ['two', 2],
    ['four', 4],
  ] as const)('renders what training shows of %s: the images, then the turns', (name, count) => {
    const { ids, turns } = shownBy(name)
    const prompt = tokenizer.encode(rendered(turns, Array(count).fill({ type: 'image' })), { special: true })
    expect(prompt.slice(0, count)).toEqual(Array(count).fill(special.image))
    expect(ids.slice(0, prompt.length - count)).toEqual(prompt.slice(count))
    expect(ids[prompt.length - count - 1]).toBe(special.assistant)
  })

  it('renders what training shows of a film: each frame behind its second', () => {
    const { ids, turns } = shownBy('film')
    const text = rendered(turns, [{ type: 'video' }])
    expect(text.startsWith('<video><user>')).toBe(true)
    const prompt = tokenizer.encode(text.slice('<video>'.length), { special: true })
    expect(ids.slice(0, prompt.length)).toEqual(prompt)
  })
})
