import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildMethod, parseMethod } from '../../../src/papers/methods.ts'
import { visionzip } from '../../../src/papers/reducer/visionzip.ts'
import type { Site } from '../../../src/pipeline/method/method.ts'
import { allPatches } from '../../../src/pipeline/method/visual-tokens.ts'
import { constant, evaluate } from '../../../src/tensor/index.ts'
import { picture, prefill, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { randomFrom } from '../../tensor/harness.ts'
import { noise, seen, tokensOf } from '../tokens-of.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

interface Zipped {
  readonly tokens: readonly (readonly number[])[]
  readonly owner: readonly number[]
}

const rows = (data: ArrayLike<number>, width: number): number[][] =>
  Array.from({ length: data.length / width }, (_, row) => Array.from(data).slice(row * width, (row + 1) * width))

/** Runs VisionZip on patches whose features, keys (one head) and attention from CLS are given. */
function zip(features: number[][], keys: number[][], attention: number[], options: Record<string, number>): Zipped {
  const [n, width, keyWidth] = [features.length, features[0].length, keys[0].length]
  const maps = new Float32Array((n + 1) ** 2)
  maps.set([0, ...attention])
  const hidden = constant(new Float32Array((n + 1) * width), [1, n + 1, width])
  const grid = { rows: 1, columns: n }
  const layer = {
    input: { states: hidden, special: 1, grid },
    hidden,
    keys: constant([...new Array(keyWidth).fill(0), ...keys.flat()], [1, n + 1, keyWidth]),
    attention: constant(maps, [1, 1, n + 1, n + 1]),
    logits: constant(maps, [1, 1, n + 1, n + 1]),
  }
  const patches = constant(features.flat(), [1, n, width])
  const vision = { layers: [layer], patches, special: 1, grid }
  const method = buildMethod(visionzip, { layer: -1, ...options })
  const { states, owner } = method.see!.patches!(allPatches(vision), {} as Site)
  const [tokens, owners] = evaluate([states, owner], new Map())
  return { tokens: rows(tokens.data, width), owner: [...owners.data] }
}

/** Six patches; 1 and 4 are attended to most, the keys of 0, 2 | 3, 5 point the same way. */
const features = [[1], [2], [4], [8], [16], [32]]
const keys = [
  [1, 0],
  [1, 1],
  [2, 0.1],
  [0, 1],
  [1, 1],
  [0.1, 3],
]
const attention = [0.1, 0.3, 0.05, 0.1, 0.35, 0.02]

describe('VisionZip', () => {
  it('takes its targets at even steps from the rest: the worked example with R = 4 and C = 2', () => {
    const { tokens, owner } = zip(features, keys, attention, { keep: 4 / 6, contextual: 0.5 })
    // Dominant 1, 4; rest 0, 2, 3, 5 with targets 0 and 3; 2 goes to 0, 5 to 3, and is added.
    expect(tokens).toEqual([[2], [16], [1 + 4], [8 + 32]])
    expect(owner).toEqual([2, 0, 2, 3, 1, 3])
  })

  it('keeps all patches as they are with D = N and C = 0', () => {
    const { tokens, owner } = zip(features, keys, attention, { keep: 1, contextual: 0 })
    expect(tokens).toEqual(features)
    expect(owner).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('drops what is not dominant when nothing is merged', () => {
    const { tokens, owner } = zip(features, keys, attention, { keep: 0.5, contextual: 0 })
    expect(tokens).toEqual([[1], [2], [16]])
    expect(owner).toEqual([0, 1, -1, -1, 2, -1])
  })

  it('merges every patch when all tokens are contextual', () => {
    const { tokens, owner } = zip(features, keys, attention, { keep: 1 / 3, contextual: 1 })
    expect(tokens).toHaveLength(2)
    expect(owner.every((token) => token >= 0)).toBe(true)
  })

  it('keeps a dominant token before it merges, and merges one before none', () => {
    const counts = (keep: number, contextual: number) => {
      const { tokens, owner } = zip(features, keys, attention, { keep, contextual })
      return [tokens.length, owner.filter((token) => token < 0).length]
    }
    expect(counts(0.001, 0.16)).toEqual([1, 5])
    expect(counts(2 / 6, 0.16)).toEqual([2, 0])
    expect(counts(0.001, 1)).toEqual([1, 0])
  })

  it('adds means: sum of count (token - target) equals the sum of what was merged', () => {
    const random = randomFrom(5)
    const draw = (width: number) =>
      Array.from({ length: 24 }, () => Array.from({ length: width }, () => random() - 0.5))
    const [features, scores] = [draw(3), draw(1).flat()]
    const { tokens, owner } = zip(features, draw(4), scores, { keep: 0.5, contextual: 0.5 })
    const [D, C] = [6, 6]
    expect(tokens).toHaveLength(D + C)
    const rest = owner.flatMap((token, patch) => (token >= D ? [patch] : []))
    const step = Math.floor(rest.length / C)
    const targets = Array.from({ length: C }, (_, i) => rest[i * step])
    expect(targets.map((patch) => owner[patch])).toEqual([6, 7, 8, 9, 10, 11])
    for (const channel of [0, 1, 2]) {
      const merged = rest.filter((patch) => !targets.includes(patch))
      const countOf = (token: number) => merged.filter((patch) => owner[patch] === token).length
      const left = targets.reduce(
        (sum, patch, i) => sum + countOf(D + i) * (tokens[D + i][channel] - features[patch][channel]),
        0,
      )
      const right = merged.reduce((sum, patch) => sum + features[patch][channel], 0)
      expect(left).toBeCloseTo(right, 9)
    }
  })

  it('gives exactly the asked number of tokens, whatever the question', async () => {
    const method = parseMethod('visionzip:keep=.5')
    const prompts = ['is there a star?', 'what colour is the ring?']
    const [first, second] = await Promise.all(prompts.map((prompt) => prefill(tiny.model, { prompt, method })))
    expect(first.chunk.visual.dims[0]).toBe(8)
    expect(second.chunk.visual.data).toEqual(first.chunk.visual.data)
    const other = await prefill(tiny.model, { images: [picture(2)], method })
    expect(other.chunk.visual.data).not.toEqual(first.chunk.visual.data)
  })

  it('has 162 + 30, 108 + 20 and 54 + 10 of 576 by its defaults', () => {
    const large = { features: noise(576, 2), cls: noise(576, 1, 3).map(([x]) => x + 0.5) }
    for (const [count, dominant] of [
      [192, 162],
      [128, 108],
      [64, 54],
    ]) {
      const { states, owner } = seen(parseMethod(`visionzip:keep=${count / 576}`), tokensOf(large))
      expect(states).toHaveLength(count)
      const members = (token: number) => owner.filter((own) => own === token).length
      expect(states.filter((_, token) => members(token) > 1).length).toBeLessThanOrEqual(count - dominant)
      expect(states.slice(0, dominant).every((_, token) => members(token) === 1)).toBe(true)
      expect(owner.filter((token) => token >= dominant)).toHaveLength(576 - dominant)
    }
  })

  it('averages, or only drops, where it is told to', () => {
    const of = { features, keys, cls: attention }
    const run = (merging: string) =>
      seen(parseMethod(`visionzip:keep=.6667,contextual=.5,merging=${merging}`), tokensOf(of))
    expect(run('mean').states).toEqual([[2], [16], [(1 + 4) / 2], [(8 + 32) / 2]])
    expect(run('none')).toMatchObject({ states: [[2], [16], [1], [8]], owner: [2, 0, -1, 3, 1, -1] })
  })

  it('reads what all patches give where there is no CLS', () => {
    const given = [
      [0, 0.1, 0.9, 0],
      [0, 0.2, 0.8, 0],
      [0.1, 0, 0.9, 0],
      [0, 0.3, 0.7, 0],
    ]
    const of = { features: noise(4, 2), attention: [given] }
    expect(seen(parseMethod('visionzip:keep=.5,contextual=0'), tokensOf(of)).kept).toEqual([1, 2])
  })

  it('lets tokens keep their positions: those of targets for contextual ones, the text where it was', async () => {
    const positions = async (ids: string) => {
      const method = parseMethod(`visionzip:keep=.5,contextual=.25,ids=${ids}`)
      const { chunk } = await prefill(tiny.model, { method })
      const { views } = await tiny.model.encode(picture(), method)
      return {
        of: chunk.positions,
        visual: chunk.order.flatMap((from, slot) => (from < chunk.ids.length ? [] : [slot])),
        owner: views[0].owner,
      }
    }
    const [packed, kept] = [await positions('pack'), await positions('keep')]
    const first = packed.of[packed.visual[0]]
    expect(packed.visual.map((slot) => packed.of[slot] - first)).toEqual([...Array(8).keys()])
    const places = kept.visual.map((slot) => kept.of[slot] - first)
    places.forEach((place, token) => {
      expect(kept.owner[place]).toBe(token)
    })
    expect(places.slice(0, 6)).toEqual([...places.slice(0, 6)].sort((a, b) => a - b))
    expect(kept.of.at(-1)! - packed.of.at(-1)!).toBe(8)
  })

  it('refuses a layer that the encoder does not have', async () => {
    const run = prefill(tiny.model, { method: parseMethod('visionzip:layer=3') })
    await expect(run).rejects.toMatchObject({
      code: 'method_unfit',
      message: 'the vision encoder has 3 layers, there is no layer 3',
    })
  })
})
