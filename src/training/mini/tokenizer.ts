import { trainBpe } from '../../text/bpe-train.ts'
import { askAll, makeScene, Rng } from '../../world/index.ts'
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

/** Vocabulary learnt from questions and answers about training scenes of shapes. */
export const miniTokenizer = (scenes = 4000, vocabSize = 640) => trainBpe(shapesCorpus(scenes), { ...options, vocabSize })

/** A vocabulary that goes on from another one, whose ids stay, with words about things and films in all languages. */
export const widerTokenizer = (known: readonly (readonly [string, string])[], lessons = 3000, vocabSize = 1536) =>
  trainBpe(worldCorpus(lessons), { ...options, vocabSize, known })

function* shapesCorpus(scenes: number): Iterable<string> {
  for (let index = 0; index < scenes; index++) {
    const scene = makeScene({ split: 'train', seed: 0, index })
    for (const { question, answer } of askAll(scene, Rng.from(index, 'corpus'), 12)) {
      yield question
      yield answer
    }
  }
}

function* worldCorpus(lessons: number): Iterable<string> {
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
