import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildMethod } from '../../../src/papers/methods.ts'
import { checks } from '../../../src/papers/survey/survey-video-post-training/checks.ts'
import {
  advantages,
  grpoLoss,
  k3,
  lengthBonus,
  orderBonus,
  regressionLoss,
  teaches,
  tokenWeights,
} from '../../../src/papers/survey/survey-video-post-training/policy.ts'
import {
  formatReward,
  intervalReward,
  intervalsReward,
  numberReward,
  regressionReward,
  setReward,
  wordReward,
} from '../../../src/papers/survey/survey-video-post-training/rewards.ts'
import { thinned } from '../../../src/papers/survey/survey-video-post-training/scaling.ts'
import {
  bestOf,
  bestOfAccuracy,
  isUnanimous,
  majority,
  majorityAccuracy,
  medianInterval,
  normalised,
} from '../../../src/papers/survey/survey-video-post-training/vote.ts'
import { surveyVideoPostTraining } from '../../../src/papers/survey/survey-video-post-training.ts'
import { picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

it('every check holds', () => {
  const rows = [...checks({ seed: 1 })]
  expect(rows.filter(({ value }) => value !== 0)).toEqual([])
  expect(rows).toHaveLength(8)
})

describe('votes', () => {
  it('go to the most frequent answer, of equals to the first; what is empty does not vote', () => {
    expect(majority(['a', 'b', 'b'])).toBe(1)
    expect(majority(['b', 'a', 'a', 'b'])).toBe(0)
    expect(majority(['', '', 'a'])).toBe(2)
    expect(majority(['', ''])).toBeUndefined()
    expect(majority(['a', 'b', 'b'], [5, 1, 1])).toBe(0)
  })

  it('compare what stands in the last answer tag', () => {
    expect(normalised(' Red  Ring. ')).toBe('red ring')
    expect(normalised('<answer>a</answer> <think>b</think><answer> C </answer>')).toBe('c')
  })

  it('of intervals take the median bounds of the largest cluster', () => {
    expect(
      medianInterval([
        [0, 10],
        [50, 60],
        [1, 11],
        [2, 12],
      ]),
    ).toEqual([1, 11])
    expect(medianInterval([])).toBeUndefined()
  })

  it('have the accuracy of a binomial; the best of several that of one miss in all', () => {
    for (const [p, n, wanted] of [
      [0.6, 1, 0.6],
      [0.6, 3, 0.648],
      [0.6, 5, 0.683],
      [0.4, 3, 0.352],
      [0.4, 5, 0.317],
    ])
      expect(majorityAccuracy(p, n)).toBeCloseTo(wanted, 3)
    expect(bestOfAccuracy(0.5, 3)).toBe(0.875)
    expect(bestOf([-2, -1, -1])).toBe(1)
    expect(isUnanimous(['a', 'a']) && !isUnanimous(['a', 'b']) && !isUnanimous(['', ''])).toBe(true)
  })
})

describe('rewards', () => {
  it('of form want one block of each, whatever lines are within', () => {
    expect(formatReward('<think>a\nb</think>\n<answer>c</answer>')).toBe(1)
    expect(formatReward('<think>a</think> so <answer>c</answer>')).toBe(0)
    expect(formatReward('<answer>c</answer>')).toBe(0)
    const twice = '<think>a<think>b</think><answer>c</answer>'
    expect([formatReward(twice), formatReward(twice, { once: true })]).toEqual([1, 0])
  })

  it('of numbers want the same form and two decimals', () => {
    expect(['3', '3.0', '3.001', '3.01', ''].map((said) => numberReward(said, '3.00'))).toEqual([0, 1, 1, 0, 0])
    expect(numberReward('x', 'x')).toBe(0)
    expect(regressionReward(8, 10)).toBeCloseTo(0.8)
    expect(regressionReward(0, 0)).toBeCloseTo(0)
    expect(regressionReward(30, 10)).toBe(0)
  })

  it('of intervals read the last of the last block', () => {
    expect(intervalReward('<answer>1 to 2</answer><answer>0 to 1, then 12 to 14</answer>', [11, 15])).toBe(0.5)
    expect(intervalReward('<answer>12 and 14</answer>', [11, 15])).toBe(0.5)
    expect(intervalReward('12 to 14', [11, 15])).toBe(0)
    expect(intervalReward('<answer>15 to 11</answer>', [11, 15])).toBe(0)
    expect(
      intervalsReward(
        [
          [0, 3],
          [2, 4],
        ],
        [[1, 5]],
      ),
    ).toBeCloseTo(3 / 5)
    expect([intervalsReward([], []), intervalsReward([], [[0, 1]])]).toEqual([1, 0])
  })

  it('of words and sets', () => {
    expect(wordReward('the red star', 'the red star')).toBe(1)
    expect(wordReward('a red star', 'the red star')).toBeCloseTo(2 / 3)
    expect(wordReward('a b c d e f', 'x')).toBe(0)
    expect([setReward(['A'], ['A', 'B']), setReward(['A', 'C'], ['A', 'B']), setReward([], ['A'])]).toEqual([0.5, 0, 0])
  })
})

describe('objectives', () => {
  const rollout = (now: number, old: number, reward: number, reference = old) => ({
    now: [now],
    old: [old],
    reference: [reference],
    reward,
  })

  it('standardise rewards within their group', () => {
    expect(advantages([2, 1, 1, 0]).map((a) => Number(a.toFixed(4)))).toEqual([1.2246, 0, 0, -1.2246])
    expect(advantages([1, 1, 1])).toEqual([0, 0, 0])
    expect(advantages([1, 1.0001, 1])).toEqual([0, 0, 0])
    expect(advantages([2, 0], { std: false })).toEqual([1, -1])
    expect([teaches([1, 1]), teaches([1, 0])]).toEqual([false, true])
  })

  it('clip what has moved too far, and only in the direction of gain', () => {
    const moved = [rollout(Math.log(1.5), 0, 1), rollout(Math.log(1.5), 0, 0)]
    const [a, b] = advantages([1, 0])
    expect(grpoLoss(moved, { beta: 0 })).toBeCloseTo(-(1.2 * a + 1.5 * b) / 2)
  })

  it('do not move before a step, and pay for leaving the reference', () => {
    expect(grpoLoss([rollout(-1, -1, 1), rollout(-2, -2, 0)])).toBeCloseTo(0)
    const equal = [rollout(-1, -1, 1, -2), rollout(-1, -1, 1, -2)]
    expect(grpoLoss(equal)).toBeCloseTo(0.04 * k3(-1, -2))
    for (const d of [-30, -1, 0, 1, 30]) expect(k3(0, d)).toBeGreaterThanOrEqual(0)
    expect(k3(0, 30)).toBe(k3(0, 10))
  })

  it('count answers alike, or tokens alike', () => {
    const long = { now: [0, 0, 0], old: [0, 0, 0], reference: [0, 0, 0], reward: 0 }
    const [a, b] = advantages([1, 0])
    const group = [rollout(0, 0, 1), long]
    expect(grpoLoss(group)).toBeCloseTo(-(a + b) / 2)
    expect(grpoLoss(group, { perToken: true })).toBeCloseTo(-(a + 3 * b) / 4)
  })

  it('regress the ratio to the advantage', () => {
    const [a] = advantages([1, 0])
    expect(regressionLoss([rollout(-1, -1, 1), rollout(-1, -1, 0)])).toBeCloseTo(a * a)
    expect(regressionLoss([rollout(a - 1, -1, 1), rollout(-a - 1, -1, 0)])).toBeCloseTo(0)
  })

  it('pay for order, and for length, where these tell something', () => {
    expect(orderBonus([1, 0], [0, 0])).toEqual([1.3, 0])
    expect(orderBonus([1, 0], [1, 1])).toEqual([1, 0])
    const of = (accuracy: number, tokens: number) => ({ accuracy, tokens })
    expect(lengthBonus([of(1, 400), of(1, 100), of(0, 400)])).toEqual([0.2, 0, 0])
    expect(lengthBonus([of(1, 400), of(0, 400)])).toEqual([0, 0])
  })

  it('weigh the places where answers part most', () => {
    const [same, other] = [
      [Math.log(0.9), Math.log(0.1)],
      [Math.log(0.1), Math.log(0.9)],
    ]
    expect(
      tokenWeights([
        [same, same],
        [same, other],
      ]),
    ).toEqual([1, 1.7])
    expect(tokenWeights([[same, same]])).toEqual([1])
  })
})

describe('drawing answers', () => {
  const asked = { prompt: 'is it red?', images: [picture()], maxTokens: 3, ignoreEos: true, seed: 4 }
  const under = (options: Parameters<typeof buildMethod>[1]) => buildMethod(surveyVideoPostTraining, options)

  it('of one is plain sampling', async () => {
    const reply = await tiny.model.generate({ ...asked, method: under({ answers: 1 }) })
    const plain = await tiny.model.generate({ ...asked, temperature: 1, topP: 0.95 })
    expect(reply.text).toBe(plain.text)
  })

  it('draws from seeds that follow each other, says the winner once, and adds up what it cost', async () => {
    let aloud = ''
    const onText = (piece: string) => {
      aloud += piece
    }
    const reply = await tiny.model.generate({ ...asked, method: under({ answers: 3 }), onText })
    const each = await Promise.all(
      [4, 5, 6].map((seed) => tiny.model.generate({ ...asked, seed, temperature: 1, topP: 0.95 })),
    )
    const texts = each.map(({ text }) => text)
    expect(reply.notes?.at(-1)?.note).toMatchObject({ answers: texts })
    expect(new Set(texts).size).toBeGreaterThan(1)
    expect(reply.text).toBe(texts[majority(texts.map(normalised))!])
    expect(aloud).toBe(reply.text)
    expect(reply.tokens.generated).toBe(9)
  })

  it('takes the answer that the model is surest of', async () => {
    const reply = await tiny.model.generate({ ...asked, method: under({ way: 'best', answers: 4 }) })
    const sure = await Promise.all(
      [4, 5, 6, 7].map(async (seed) => {
        let sum = 0
        const onToken = (id: number, logits: Float32Array) => {
          const most = Math.max(...logits)
          sum += logits[id] - most - Math.log(logits.reduce((all, x) => all + Math.exp(x - most), 0))
        }
        const { text } = await tiny.model.generate({ ...asked, seed, temperature: 1, topP: 0.95, onToken })
        return { text, sum }
      }),
    )
    expect(reply.text).toBe(sure.reduce((best, one) => (one.sum > best.sum ? one : best)).text)
  })

  it('stops when told to', async () => {
    const reply = await tiny.model.generate({ ...asked, method: under({}), signal: AbortSignal.abort() })
    expect(reply.finishReason).toBe('aborted')
  })

  it('adds frames until all agree: at once where they do, to the last frame where they never do', async () => {
    const images = [1, 2, 3, 4].map((seed) => picture(seed))
    const way = { way: 'sparse-to-dense', answers: 2, first: 1 } as const
    const cold = await tiny.model.generate({ ...asked, images, method: under({ ...way, temperature: 1e-4 }) })
    expect([cold.calls!.length, cold.notes!.at(-1)!.note]).toMatchObject([2, { frames: 1 }])
    const hot = await tiny.model.generate({
      ...asked,
      images,
      maxTokens: 8,
      method: under({ ...way, temperature: 9, topP: 1 }),
    })
    expect([hot.calls!.length, hot.notes!.at(-1)!.note]).toMatchObject([6, { frames: 4 }])
    const some = await tiny.model.generate({
      ...asked,
      images,
      maxTokens: 8,
      method: under({ ...way, most: 2, temperature: 9, topP: 1 }),
    })
    expect([some.calls!.length, some.notes!.at(-1)!.note]).toMatchObject([4, { frames: 2 }])
  })

  it('shows frames at floor(j T / F), of videos too, and keeps the text', () => {
    const video = { frames: [picture(1), picture(2), picture(3)], framesPerSecond: 1 }
    const content = [
      { type: 'image' as const, image: picture(9) },
      { type: 'video' as const, video },
      { type: 'text' as const, text: 'what?' },
    ]
    const [{ content: left }] = thinned([{ role: 'user', content }], 2)
    expect(left).toMatchObject([{ type: 'image' }, { type: 'video', video: { timestamps: [1] } }, { text: 'what?' }])
  })
})
