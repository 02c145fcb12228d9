import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openExaminer } from '../../../src/evaluation/exam/examiner.ts'
import { openForcedPass } from '../../../src/evaluation/exam/forced-answers.ts'
import { blindfolded, type Shown } from '../../../src/evaluation/exam/shown.ts'
import { pictureOf } from '../../../src/evaluation/picture-of.ts'
import { loadModel } from '../../../src/loading/node-load.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { dense } from '../../../src/pipeline/method/compose.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { GREEDY } from '../../../src/text/sampling.ts'
import { askAll, makeScene, type QA, Rng, sampleDialogue } from '../../../src/world/index.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

interface Exam {
  readonly shown: Shown
  readonly conversations: readonly (readonly QA[])[]
}

/** Several questions about one picture of shapes. */
function exam(index: number, n = 10): Exam {
  const kind = (['objects', 'text', 'chart', 'grid'] as const)[index % 4]
  const scene = makeScene({ split: 'validation', seed: 3, index, kind })
  const turns = askAll(scene, Rng.from(index, 'exam'), n)
  return { shown: { pictures: [pictureOf(scene)] }, conversations: turns.map((qa) => [qa]) }
}

describe('a teacher-forced pass', () => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel(`${root}models/fovea-mini`)
  })
  afterAll(() => model?.dispose())

  it.each(['dense', 'visionzip:keep=.25'])(
    'finds right what greedy decoding says, and nothing else, under %s',
    async (name) => {
      const method = parseMethod(name)
      const pass = (await openForcedPass(model, method, 'plain'))!
      let [same, other] = [0, 0]
      for (let index = 0; index < 8; index++) {
        const { shown, conversations } = exam(index, 6)
        for (const seen of [shown, blindfolded(shown)]) {
          const verdicts = (await pass.verdicts(seen, conversations))!
          for (const [at, [qa]] of conversations.entries()) {
            const images = [...seen.pictures]
            const { text } = await model.generate({ prompt: qa.question, images, method, ...GREEDY, maxTokens: 96 })
            expect(verdicts[at]).toEqual([text === qa.answer])
            const [[said]] = (await pass.verdicts(seen, [[{ ...qa, answer: text }]]))!
            expect(said).toBe(true)
            if (text === qa.answer) same++
            else other++
          }
        }
      }
      expect(Math.min(same, other)).toBeGreaterThan(10) // both happen
      await pass.dispose()
    },
  )

  it('reads later turns behind the true answers', async () => {
    const fast = await openExaminer({ model, method: dense })
    const slow = await openExaminer({ model, method: dense, decodes: true })
    for (let index = 0; index < 4; index++) {
      const { scene, turns } = sampleDialogue({ split: 'validation', seed: 4, index })
      for (const shown of [{ pictures: [pictureOf(scene)] }, blindfolded({ pictures: [pictureOf(scene)] })])
        expect(await fast.ask(shown, [turns], 'replies')).toEqual(await slow.ask(shown, [turns], 'replies'))
    }
    await fast.dispose()
  })

  it('leaves replies out that decide nothing, and asks for those that may be near enough', async () => {
    const examiner = await openExaminer({ model, method: dense })
    const { shown } = exam(0)
    const words: QA = { task: 'color', question: 'what color is the star?', answer: 'no such color' }
    const box: QA = { task: 'box', question: 'where is the star? give its box.', answer: '0,0,1,1' }
    const [[wrong], [far]] = await examiner.ask(shown, [[words], [box]], 'verdicts')
    expect(wrong).toEqual({ correct: false })
    expect(far).toMatchObject({ correct: false, iou: 0, reply: expect.any(String) })
    const [[known]] = await examiner.ask(shown, [[words]], 'replies')
    expect(known.reply).toEqual(expect.any(String))
    await examiner.dispose()
  })

  it('is not for methods that change what the language model reads', async () => {
    expect(await openForcedPass(model, parseMethod('fastv:layer=2,keep=.5'), 'plain')).toBeUndefined()
    expect(await openForcedPass(model, parseMethod('damro'), 'plain')).toBeUndefined()
  })
})
