import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildMethod, parseMethod } from '../../../src/papers/methods.ts'
import { captionIn, hardChoice, selected, staying } from '../../../src/papers/tokenizer/vamos/bottleneck.ts'
import { CLOSE, captionOf, framesIn, inWords, OPEN, pickFrames } from '../../../src/papers/tokenizer/vamos/captions.ts'
import { clipAt } from '../../../src/papers/tokenizer/vamos/clips.ts'
import { gumbel, inSegments } from '../../../src/papers/tokenizer/vamos/stage.ts'
import { vamos } from '../../../src/papers/tokenizer/vamos.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import type { Reply } from '../../../src/pipeline/talk/reply.ts'
import { constant, evaluate, grad, mul, sum, type Tensor } from '../../../src/tensor/index.ts'
import { Rng } from '../../../src/world/rng.ts'
import { largestDifference, picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { adapterOf, randomAdapter, withRandomAdapter } from '../random-adapter.ts'
import { trainTiny } from '../trained.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const numbers = (x: Tensor): number[] => Array.from(evaluate([x], new Map())[0].data, Number)
const row = (...values: number[]) => constant(values, [1, values.length])
const tokens = (...ids: number[]) => constant(ids, [1, ids.length], 'i64')
const method = (options: Parameters<typeof buildMethod>[1]) =>
  withRandomAdapter(tiny.model.parts.architecture, buildMethod(vamos, { form: 'bottleneck', ...options }), { seed: 3 })

/** Logits of the first token of an answer. */
async function asked(under: Method, prompt = 'is it red?') {
  let logits: Float32Array = new Float32Array()
  const onToken = (_: number, row: Float32Array) => {
    if (logits.length === 0) logits = row.slice()
  }
  const images = [picture(1), picture(2)]
  const reply = await tiny.model.generate({ prompt, images, method: under, maxTokens: 2, ignoreEos: true, onToken })
  return { reply, logits }
}

/** What the bottleneck let through. */
const chosenIn = ({ notes }: Reply): readonly string[] | undefined =>
  notes?.flatMap(({ note }) => (note as { chosen?: string[] }).chosen ?? [])

describe('frames', () => {
  it('are floor(j T / F), and all of them where there are fewer', () => {
    expect(pickFrames(16, 6)).toEqual([0, 2, 5, 8, 10, 13])
    expect(pickFrames(4, 6)).toEqual([0, 1, 2, 3])
    expect(pickFrames(0, 6)).toEqual([])
  })

  it('are those of videos, too', () => {
    const video = { frames: [picture(1), picture(2)], framesPerSecond: 1 }
    const content = [
      { type: 'image' as const },
      { type: 'video' as const, video },
      { type: 'text' as const, text: 'a' },
    ]
    expect(framesIn([{ role: 'user', content }])).toHaveLength(3)
  })
})

describe('the caption', () => {
  const image = { type: 'image' } as const
  const text = { type: 'text', text: 'what?' } as const
  const messages = [{ role: 'user', content: [image, text] }] as const

  it('joins what was said in order, without what was not', () => {
    expect(captionOf([' a red\nring ', '', 'a star'])).toBe('a red ring; a star')
  })

  it('takes the place of the frames, or stands behind them', () => {
    const words = inWords(messages, 'a star', { read: 'words', isMarked: false })
    expect(words[0].content).toEqual([{ type: 'text', text: 'video: a star\n' }, text])
    expect(inWords(messages, 'a star', { read: 'both', isMarked: false })[0].content).toEqual([
      image,
      { type: 'text', text: 'video: a star\n' },
      text,
    ])
  })

  it('that is empty leaves the plain prompt', () => {
    expect(inWords(messages, '', { read: 'words', isMarked: true })[0].content).toEqual([text])
    expect(inWords(messages, '', { read: 'both', isMarked: true })).toEqual(messages)
  })

  it('is a word of the method between its marks; what is typed like them is text', async () => {
    const all = method({ words: `a ${OPEN} ${CLOSE} b`, budget: 100 })
    const { reply } = await asked(all, `what ${CLOSE}?`)
    const said = chosenIn(reply)!.join('')
    expect(said).toContain('vamos')
    expect(said).not.toContain('what')
  })
})

describe('untrained', () => {
  it('describes every frame by itself, then answers the question behind it', async () => {
    const plain = buildMethod(vamos, { form: 'plain', ask: 'what? {question}', tokens: 3, frames: 2 })
    const { reply } = await asked(plain)
    expect(reply.calls).toHaveLength(3)
    const [first, second, last] = reply.calls!
    expect([first.tokens.generated, second.tokens.generated]).toEqual([3, 3])
    expect(last.tokens.visual.before).toBe(0)
    const alone = { prompt: 'what? is it red?', images: [picture(2)], maxTokens: 3, ignoreEos: true }
    expect(second.text).toBe((await tiny.model.generate(alone)).text)
    const caption = captionOf([first.text, second.text])
    const { text } = await tiny.model.generate({
      prompt: `video: ${caption}\nis it red?`,
      maxTokens: 2,
      ignoreEos: true,
    })
    expect(reply.text).toBe(text)
    expect(reply.notes?.at(-1)).toMatchObject({ by: 'vamos', note: { caption } })
    expect(reply.kept).toHaveLength(2)
  })

  it('asks nothing where words are given, and plainly where there is no picture', async () => {
    const given = buildMethod(vamos, { form: 'plain', words: 'a star' })
    expect((await asked(given)).reply.calls).toHaveLength(1)
    const prompt = { prompt: 'is it red?', maxTokens: 3 }
    const reply = await tiny.model.generate({ ...prompt, method: given })
    expect(reply.text).toBe((await tiny.model.generate(prompt)).text)
  })

  it('stops between its calls', async () => {
    const signal = AbortSignal.abort()
    const plain = buildMethod(vamos, { form: 'plain' })
    const reply = await tiny.model.generate({ prompt: 'a', images: [picture()], method: plain, signal })
    expect(reply.finishReason).toBe('aborted')
  })
})

describe('the prefix', () => {
  /** Weights as they are before training, but for the learnt rows, which are scaled. */
  const scaled = (by: number, gate = 0): Method => {
    const bare = buildMethod(vamos, { form: 'adapter', words: 'a b c' })
    const { architecture } = tiny.model.parts
    const { entries, files } = randomAdapter(architecture, bare, { untrained: true })
    const bytes = files.adapter as Uint8Array
    const values = [...entries].map(([name, { shape, offset, byteLength }]) => {
      const data = new Float32Array(bytes.slice(offset, offset + byteLength).buffer)
      const changed = name.endsWith('gate') ? data.map(() => gate) : data.map((x) => (/prefix/.test(name) ? by * x : x))
      return [name, { shape, data: changed }] as const
    })
    return { ...bare, adapter: adapterOf(new Map(values)) }
  }

  it('adds nothing before its gates move, whatever its rows are, and something then', async () => {
    const [one, other] = [await asked(scaled(1)), await asked(scaled(50))]
    expect(largestDifference(one.logits, other.logits)).toBeLessThan(1e-6)
    const open = [await asked(scaled(1, 1)), await asked(scaled(50, 1))]
    expect(largestDifference(open[0].logits, open[1].logits)).toBeGreaterThan(1e-3)
  })

  it('is not looked at where no caption is read', async () => {
    const prompt = { prompt: 'is it red?', maxTokens: 4, ignoreEos: true }
    const under = await tiny.model.generate({ ...prompt, method: scaled(50, 1) })
    expect(under.text).toBe((await tiny.model.generate(prompt)).text)
  })
})

describe('the bottleneck', () => {
  /** 9 opens and 8 closes; seven tokens between them. */
  const all = tokens(1, 9, 2, 3, 4, 5, 6, 7, 2, 8, 1, 1)
  const scores = row(0, 9, 1, 3, 2, 5, 5, 1, 0, 9, 0, 0)
  const stays = (k: number, of = all, g = scores) => numbers(staying(g, captionIn(of, 9, 8), k))

  it('keeps the best of each segment of ceil(L / k), the first among equals, and all that stands outside', () => {
    expect(stays(2)).toEqual([1, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1]) // of 1 3 2 5, then of 5 1 0: the 5, twice
    expect(stays(1)).toEqual([1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1])
  })
  it('keeps one of equals', () => {
    expect(stays(2, tokens(9, 1, 1, 1, 1, 8), row(0, 0, 0, 0, 0, 0))).toEqual([1, 1, 0, 1, 0, 1])
  })

  it('keeps everything where k is L or more, and where there is no caption', () => {
    for (const k of [7, 8, 40]) expect(stays(k)).toEqual(new Array(12).fill(1))
    expect(stays(1, tokens(1, 2, 3), row(1, 2, 3))).toEqual([1, 1, 1])
  })

  it('of a batch is that of each row', () => {
    const two = constant([9, 1, 2, 3, 8, 1, 1, 9, 4, 8], [2, 5], 'i64')
    const both = constant([0, 1, 2, 3, 0, 9, 9, 0, 1, 0], [2, 5])
    expect(numbers(staying(both, captionIn(two, 9, 8), 1))).toEqual([1, 0, 0, 1, 1, 1, 1, 1, 1, 1])
  })

  it('that lets everything through changes no logit', async () => {
    const options = { words: 'a b c d e f', form: 'bottleneck' } as const
    const through = method({ ...options, budget: 100 })
    const { read, ...rest } = through
    const without = { ...rest, name: 'vamos:open', options: undefined, talk: { answer: rest.talk!.answer } }
    const own = [...through.adapter!.entries].filter(([name]) => !name.includes('selector'))
    const open: Method = {
      ...without,
      read: { attention: read!.attention },
      adapter: { ...through.adapter!, name: 'without selector', hash: 'none', entries: new Map(own) },
    }
    expect(largestDifference((await asked(through)).logits, (await asked(open)).logits)).toBeLessThan(1e-5)
  })

  it('reads its tokens as if they stood alone, from the first layer to the end of the answer', async () => {
    const narrow = await asked(method({ words: ' a b c d e f g h', budget: 3 }))
    const chosen = chosenIn(narrow.reply)!
    expect(chosen).toHaveLength(3)
    const alone = await asked(method({ words: ` ${chosen.join(' ')}`, budget: 100 }))
    expect(chosenIn(alone.reply)).toEqual(chosen)
    expect(largestDifference(narrow.logits, alone.logits)).toBeLessThan(1e-4)
    expect(narrow.reply.text).toBe(alone.reply.text)
    const whole = await asked(method({ words: ' a b c d e f g h', budget: 100 }))
    expect(largestDifference(narrow.logits, whole.logits)).toBeGreaterThan(1e-3)
  })
})

describe('the hard choice', () => {
  const g = constant([1, 0, 3, 2, 5, 9], [1, 2, 3])

  const there = constant([1, 1, 1, 1, 1, 0], [1, 2, 3], 'bool')
  const noise = constant(new Array(6).fill(0), [1, 2, 3])

  it('is exactly one-hot, never where nothing stands, and has a gradient', () => {
    const y = hardChoice(g, there, noise)
    expect(numbers(y)).toEqual([0, 0, 1, 0, 1, 0])
    const z = constant([1, 2, 3, 4, 5, 6], [1, 2, 3, 1])
    expect(numbers(selected(y, z))).toEqual([3, 5])
    const [dg] = grad(sum(mul(y, constant([1, 2, 3, 4, 5, 6], [1, 2, 3]))), [g])
    const slopes = numbers(dg)
    expect(slopes.slice(0, 5).every((slope) => slope !== 0)).toBe(true)
    expect(slopes[5]).toBe(0)
  })

  it('with noise takes the first of (1, 0) as often as a softmax says: 0.731', () => {
    const rng = Rng.from(1, 'gumbel')
    const draws = 20_000
    const noisy = Float64Array.from({ length: 2 * draws }, () => gumbel(rng))
    const twice = constant(
      Float64Array.from({ length: 2 * draws }, (_, at) => 1 - (at % 2)),
      [1, draws, 2],
    )
    const y = hardChoice(
      twice,
      constant(new Array(2 * draws).fill(1), [1, draws, 2], 'bool'),
      constant(noisy, [1, draws, 2]),
    )
    const first = numbers(y).filter((value, at) => at % 2 === 0 && value === 1).length
    expect(first / draws).toBeCloseTo(1 / (1 + Math.exp(-1)), 1.7)
    expect(Math.abs(first / draws - 0.731)).toBeLessThan(0.01)
  })

  it('in training cuts a caption as at inference', () => {
    expect(inSegments([1, 2, 3, 4, 5, 6, 7], 2)).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7],
    ])
    expect(inSegments([1, 2, 3, 4, 5], 4)).toEqual([[1, 2], [3, 4], [5]])
    expect(inSegments([1, 2], 4)).toEqual([[1], [2]])
  })
})

it('clips ask about a shape that stands alone, and their captions name its colour', () => {
  for (let index = 0; index < 10; index++) {
    const { scenes, captions, question, answer } = clipAt({ split: 'train', seed: 1, index })
    const shape = /the (\w+)\?/.exec(question)![1]
    const found = scenes.flatMap(({ objects }) => objects.filter((object) => object.shape === shape))
    expect(found.map(({ color }) => color)).toEqual([answer])
    expect(captions.filter((caption) => caption.includes(`${answer} ${shape}`))).toHaveLength(1)
  }
})

it.each(['vamos', 'vamos:form=bottleneck'])(
  '%s: every weight of its own is trained, and the adapter answers',
  async (text) => {
    const found = await trainTiny(text, ['reading'])
    expect(found.losses.reading).toHaveLength(3)
    expect(found.trained.reading.every((name) => name.startsWith('method.vamos.'))).toBe(true)
    // Rows of the prefix wait until the gates have moved, which is after the first step.
    expect(found.unreached.reading).toEqual([])
  },
  120_000,
)

it('has nothing to train where nothing of it is trained', () => {
  expect(() => vamos.recipe!(vamos.options!.parse({ form: 'plain' }))).toThrow(/nothing to train/)
  expect(parseMethod('vamos:form=plain').name).toContain('plain')
})
