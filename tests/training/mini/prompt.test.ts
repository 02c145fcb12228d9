import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ChatMessage } from '../../../src/text/chat-template.ts'
import { createChatTemplate } from '../../../src/text/chat-template.ts'
import { createTokenizer } from '../../../src/text/tokenizer.ts'
import { worldBatch } from '../../../src/training/mini/data.ts'
import { chatTemplate, special } from '../../../src/training/mini/tokenizer.ts'
import { sampleDialogue } from '../../../src/world/index.ts'

const tokenizer = createTokenizer(JSON.parse(readFileSync('models/fovea-mini/tokenizer.json', 'utf8')))
const encode = (text: string) => tokenizer.encode(text)

describe('the chat template of fovea-mini', () => {
  it('renders what training shows: the image, then the turns', () => {
    const data = { batch: 1, text: 400, side: 96, patch: 8, seed: 5, split: 'train', encode } as const
    const shown = Array.from(worldBatch(data, 0).ids.data, Number)
    const { turns } = sampleDialogue({ split: 'train', seed: 5, index: 0 })
    const messages = turns.flatMap(({ question, answer }, at): ChatMessage[] => [
      { role: 'user', content: [...(at === 0 ? [{ type: 'image' } as const] : []), { type: 'text', text: question }] },
      { role: 'assistant', content: answer },
    ])
    const asked = messages.slice(0, -1)
    const prompt = tokenizer.encode(createChatTemplate(chatTemplate).render(asked), { special: true })
    expect(prompt[0]).toBe(special.image)
    expect(shown.slice(0, prompt.length - 1)).toEqual(prompt.slice(1))
    expect(shown[prompt.length - 2]).toBe(special.assistant)
  })
})
