import { trainBpe } from '../../text/bpe-train.ts'
import { partsOf } from './parts.ts'

/** Ids 0-4 of fovea-mini's tokenizer. */
export const specialTokens = ['<pad>', '<eos>', '<user>', '<assistant>', '<image>'] as const
export const special = { pad: 0, eos: 1, user: 2, assistant: 3, image: 4 }

/** Lower-case words merge, with the space before them; capitals, digits and marks stay single: they are spelt. */
const SPELLING = '[A-Z]|[0-9]| ?[a-z]+|[^a-zA-Z0-9]'

/** A turn of the chat: what stands before a question, before an answer, and behind it. Images come before all turns. */
export const turn = { user: special.user, assistant: special.assistant, end: special.eos }

const written = (id: number): string => `{{ '${specialTokens[id]}' }}`

/** The same as a chat template. */
export const chatTemplate =
  "{% for message in messages %}{% if message['content'] is not string %}{% for part in message['content'] %}" +
  `{% if part['type'] == 'image' %}${written(special.image)}{% elif part['type'] == 'video' %}{{ '<video>' }}` +
  '{% endif %}{% endfor %}{% endif %}' +
  `{% if message['role'] == 'user' %}${written(turn.user)}{% else %}${written(turn.assistant)}{% endif %}` +
  "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}" +
  "{% if part['type'] == 'text' %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}" +
  `{% if message['role'] == 'assistant' %}${written(turn.end)}{% endif %}{% endfor %}` +
  `{% if add_generation_prompt %}${written(turn.assistant)}{% endif %}`

const options = { specialTokens, pattern: SPELLING, roles: { eos_token: '<eos>', pad_token: '<pad>' } } as const

/** Pairs that merge, first ones first. */
export type Merges = readonly (readonly [string, string])[]

/**
 * Vocabulary learnt from questions and answers of training lessons in all languages, going on from one whose merges are
 * `known` and whose ids stay.
 */
export const miniTokenizer = (vocabSize: number, known: Merges = [], lessons = 1500) =>
  trainBpe(corpus(lessons), { ...options, vocabSize, known }).tokenizer

function* corpus(lessons: number): Iterable<string> {
  for (let index = 0; index < lessons; index++) {
    for (const { lesson } of partsOf({ batch: 16, text: 160 })) {
      const { ask } = lesson({ split: 'train', seed: 0, index, scenes: lessons })
      for (const { question, answer } of ask().flat()) {
        yield question
        yield answer
      }
    }
  }
}
