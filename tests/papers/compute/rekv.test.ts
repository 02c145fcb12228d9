import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { selfAttention } from '../../../src/models/language/self-attention.ts'
import type { Asked, PastLayer, RowStore } from '../../../src/models/language/sequence.ts'
import { rotate, rotation } from '../../../src/nn/index.ts'
import { rekv, together } from '../../../src/papers/compute/rekv.ts'
import { buildMethod, parseMethod } from '../../../src/papers/methods.ts'
import { LOOK } from '../../../src/pipeline/flow/trace-language.ts'
import { compose } from '../../../src/pipeline/method/compose.ts'
import type { PartSite, Stage } from '../../../src/pipeline/method/method.ts'
import type { Value } from '../../../src/runtime/index.ts'
import { constant, evaluate, type Tensor } from '../../../src/tensor/index.ts'
import { Rng } from '../../../src/world/rng.ts'
import { largestDifference, picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'

const [HEADS, KEY_HEADS, WIDTH, START, BLOCK, BLOCKS] = [4, 2, 8, 3, 5, 6]

const random = (seed: number, ...shape: number[]): Tensor => {
  const rng = Rng.from(seed, 'rekv')
  return constant(
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal()),
    shape,
  )
}
const ids = (values: readonly number[]) => constant(values, [values.length], 'i64')
const numbers = (x: Tensor): number[] => Array.from(evaluate([x], new Map())[0].data)

/** A question of two tokens to a store in which some blocks have keys like its queries. */
function asked(take: number, planted: readonly number[]): Asked {
  const query = Float64Array.from({ length: KEY_HEADS * WIDTH }, (_, at) => Math.sin(at + 1))
  const rows = START + BLOCK * BLOCKS
  const keys = Float64Array.from(numbers(random(1, rows, KEY_HEADS, WIDTH)), (value) => 0.1 * value)
  for (const block of planted)
    for (let row = START + block * BLOCK; row < START + (block + 1) * BLOCK; row++)
      for (const [at, value] of query.entries()) keys[row * query.length + at] += value
  // Both heads of a group ask for what the key head holds.
  const q = [0, 1].flatMap(() =>
    [0, 1].flatMap((head) => [0, 1].flatMap(() => [...query.slice(head * WIDTH, (head + 1) * WIDTH)])),
  )
  const store: RowStore = {
    keys: constant(keys, [rows, KEY_HEADS, WIDTH]),
    values: random(2, rows, KEY_HEADS, WIDTH),
    positions: constant([...Array(rows).keys()], [rows]),
    blocks: {
      first: ids(Array.from({ length: BLOCKS }, (_, block) => START + block * BLOCK)),
      within: ids([...Array(BLOCK).keys()]),
      take: ids(new Array<number>(take).fill(0)),
    },
    sinks: ids([]),
  }
  const past: PastLayer = {
    keys: constant(keys.slice(0, START * KEY_HEADS * WIDTH), [START, KEY_HEADS, WIDTH]),
    values: random(2, START, KEY_HEADS, WIDTH),
    positions: constant([...Array(START).keys()], [1, START]),
    store,
  }
  const [states, positions] = [random(3, 1, 2, HEADS * WIDTH), constant([100, 101], [1, 2])]
  const width = KEY_HEADS * WIDTH
  return {
    q: constant(q, [1, 2, HEADS * WIDTH]),
    k: random(4, 1, 2, width),
    v: random(5, 1, 2, width),
    input: { states, positions },
    past,
    isRotary: true,
  }
}

/** What the layer looks at in the end. */
function looked(question: Asked, options = {}): Asked {
  const method = buildMethod(rekv as never, options as never)
  let seen: Asked | undefined
  const stage = method.read!.attention as Stage<Asked, Tensor, PartSite>
  stage(
    question,
    (given) => {
      seen = given
      return given.q
    },
    {} as PartSite,
  )
  return seen!
}

describe('retrieval', () => {
  it.each([[[4]], [[1, 3]], [[5, 0, 2]]])('takes the planted blocks %o, in order of time', (planted) => {
    const { past } = looked(asked(planted.length, planted))
    const first = [...planted].sort((a, b) => a - b).map((block) => START + block * BLOCK)
    expect(numbers(past!.store!.taken!)).toEqual(first)
    const rows = [...Array(START).keys(), ...first.flatMap((row) => Array.from({ length: BLOCK }, (_, at) => row + at))]
    const all = numbers(past!.store!.keys)
    const expected = rows.flatMap((row) => all.slice(row * KEY_HEADS * WIDTH, (row + 1) * KEY_HEADS * WIDTH))
    expect(numbers(past!.keys)).toEqual(expected)
  })

  it('numbers positions anew: what was before all frames, the frames, the question', () => {
    const { past, positions } = looked(asked(2, [1, 3]))
    expect(numbers(past!.positions!)).toEqual([...Array(START + 2 * BLOCK).keys()])
    expect(numbers(positions!)).toEqual([START + 2 * BLOCK, START + 2 * BLOCK + 1])
  })

  it('hides what lies as far back as the window is long', () => {
    const { mask } = looked(asked(1, [2]), { local: 4 })
    const hidden = numbers(mask!).map((value) => value < 0)
    const total = START + BLOCK + 2
    expect(hidden.slice(0, total)).toEqual(Array.from({ length: total }, (_, key) => total - 2 - key >= 4))
    expect(hidden.slice(total)).toEqual(Array.from({ length: total }, (_, key) => total - 1 - key >= 4))
  })

  it('refuses a model whose keys are not rotated', () => {
    expect(() => looked({ ...asked(1, [2]), isRotary: false })).toThrow(/rekv counts rotary positions anew/)
  })
})

describe('positions of several axes', () => {
  /** A frame of 2 x 3 tokens that begins at a place, in time, row and column. */
  const frame = (start: number) =>
    Array.from({ length: 6 }, (_, at) => [start, start + Math.floor(at / 3), start + (at % 3)])
  const text = (place: number) => [place, place, place]
  const anew = (rows: number[][]) => {
    const found = numbers(together(constant(rows.flat(), [1, rows.length, 3])))
    return rows.map((_, at) => found.slice(3 * at, 3 * at + 3))
  }

  it('are as they were where nothing is left out', () => {
    const all = [text(0), text(1), ...frame(2), ...frame(5), text(8), text(9)]
    expect(anew(all)).toEqual(all)
  })

  it('move frames together as wholes, and the question behind the last of them', () => {
    const some = [text(0), text(1), ...frame(5), ...frame(14), text(29), text(30)]
    expect(anew(some)).toEqual([text(0), text(1), ...frame(2), ...frame(5), text(8), text(9)])
  })

  it('are counted from 0 where a look begins late', () => {
    expect(anew([...frame(14), text(17)])).toEqual([...frame(0), text(3)])
  })
})

describe('rows seen from one distance', () => {
  it('look to every query as the first row does to one at that place', () => {
    const [distance, width] = [7, KEY_HEADS * WIDTH]
    const turn = (x: Tensor, heads: number, at: Tensor) => rotate(x, rotation(at, WIDTH, 10000), heads)
    const mixed = (past: PastLayer, place: number): number[] => {
      const input = { states: random(3, 1, 1, HEADS * WIDTH), positions: constant([place], [1, 1]) }
      const projected = { q: random(6, 1, 1, HEADS * WIDTH), k: random(4, 1, 1, width), v: random(5, 1, 1, width) }
      const options = {
        index: 0,
        heads: HEADS,
        keyHeads: KEY_HEADS,
        rotate: turn,
        causal: false,
        mask: () => undefined,
        past,
      }
      return numbers(selfAttention(projected, input, options).mixed)
    }
    const [keys, values] = [random(7, 4, KEY_HEADS, WIDTH), random(8, 4, KEY_HEADS, WIDTH)]
    const none = {
      keys: random(7, 0, KEY_HEADS, WIDTH),
      values: random(7, 0, KEY_HEADS, WIDTH),
      positions: constant([], [1, 0]),
    }
    const far = { ...none, far: { keys, values, distance } }
    const near = { keys, values, positions: constant([0, 0, 0, 0], [1, 4]) }
    // Positions of the query do not matter to the far rows, and its own key stands where it does itself.
    const expected = mixed(near, distance)
    for (const place of [distance, 0, 33]) expect(largestDifference(mixed(far, place), expected)).toBeLessThan(1e-6)
  })
})

describe('on a model', () => {
  let tiny: Tiny
  beforeAll(async () => {
    tiny = await tinyModel()
  })
  afterAll(() => tiny.close())

  it('each layer takes frames of its own, and says which', async () => {
    const method = compose(parseMethod('rekv:frames=2,local=64'))
    const stream = await tiny.model.watch({ method })
    for (const seed of [1, 2, 3, 4, 5]) await stream.see(picture(seed))
    const language = await tiny.model.language(method)
    const key = (stream as unknown as { key: string }).key
    const start = stream.rows[0] - 5 * 16
    const first = Array.from({ length: 5 }, (_, frame) => start + 16 * frame)
    const look = { rows: new Array(4).fill([...Array(start).keys()]), blocks: { first, length: 16, take: 2 } }
    const question = tiny.model.parts.tokenizer.encode('what is red?')
    const visual = { dtype: 'f32', dims: [0, 0], data: new Float32Array(0) } as Value<Float32Array>
    const order = [...question.keys()]
    const { heads } = await language.run(key, { ids: question, visual, order, positions: order, look })
    const taken = Array.from(heads.retrieved.data, Number)
    expect(taken).toHaveLength(4 * 2)
    for (let layer = 0; layer < 4; layer++) {
      const [one, two] = taken.slice(2 * layer, 2 * layer + 2)
      expect(first).toContain(one)
      expect(first).toContain(two)
      expect(one).toBeLessThan(two)
    }
    expect(LOOK.rows(3)).toBe('look.3')
    await language.truncate(key, question.length)
    await stream.close()
  })
})
