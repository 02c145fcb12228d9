import { describe, expect, it } from 'vitest'
import type { EncodedView } from '../../../src/pipeline/flow/encoded-view.ts'
import { visualTags } from '../../../src/pipeline/method/token-tags.ts'
import { layout } from '../../../src/pipeline/talk/layout.ts'
import { f32 } from '../../../src/runtime/index.ts'
import { constant, evaluate } from '../../../src/tensor/index.ts'
import { Rng } from '../../../src/world/rng.ts'

const IMAGE = 9

/** The tags of a view's tokens as a prompt has them, and as they are traced. */
function bothOf(owner: readonly number[], tokens: number, grid: EncodedView['grid']) {
  const embeds = f32([tokens, 1], new Float32Array(tokens))
  const view = {
    embeds,
    owner,
    grid,
    memory: {},
    signals: {},
    changedBy: [],
    milliseconds: 0,
  } as unknown as EncodedView
  const { tags } = layout([IMAGE], IMAGE, [view], 0)
  const states = constant(new Float32Array(tokens), [1, tokens, 1])
  const traced = visualTags({ states, owner: constant(owner, [1, owner.length], 'i64') }, grid)
  const names = ['view', 'row', 'column'] as const
  const values = evaluate(
    names.map((name) => traced[name]),
    new Map(),
  )
  return names.map((name, at) => ({ prompt: tags![name], traced: Array.from(values[at].data, Number) }))
}

describe('tags of traced tokens', () => {
  const grid = { rows: 5, columns: 7 }

  it('are those of a prompt where patches were dropped and merged at random', () => {
    for (let seed = 0; seed < 20; seed++) {
      const rng = Rng.from(seed, 'owner')
      const tokens = rng.int(1, 12)
      const owner = Array.from({ length: 35 }, () => rng.int(-1, tokens - 1))
      for (const { prompt, traced } of bothOf(owner, tokens, grid)) expect(traced).toEqual(prompt)
    }
  })

  it('put a token of no patch in the middle of the view', () => {
    const [, row, column] = bothOf(new Array(35).fill(0), 2, grid)
    expect([row.traced[1], column.traced[1]]).toEqual([2, 3])
  })
})
