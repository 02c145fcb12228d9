import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { PackedSlot } from '../../../src/models/views/prompt-form.ts'
import { packTokens } from '../../../src/pipeline/flow/pack.ts'
import type { EncodedView } from '../../../src/pipeline/flow/vision-program.ts'
import type { VisualTokens } from '../../../src/pipeline/method/visual-tokens.ts'
import { packViews } from '../../../src/pipeline/pictures/pack.ts'
import { packingFeeds } from '../../../src/pipeline/pictures/packing.ts'
import { compile, f32, i64 } from '../../../src/runtime/index.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { input, reshape, slice } from '../../../src/tensor/index.ts'
import { largestDifference } from '../tiny-model.ts'

const backend = new NodeBackend()
afterAll(() => backend.dispose())

const [PATCHES, WIDTH] = [4, 3]
const SEPARATOR = [9, 8, 7]

/** Views whose patches went into `tokens` tokens, or nowhere. */
const caseOf = fc.integer({ min: 1, max: 3 }).chain((views) =>
  fc.integer({ min: 1, max: PATCHES }).chain((tokens) =>
    fc.record({
      tokens: fc.constant(tokens),
      owners: fc.array(fc.array(fc.integer({ min: -1, max: tokens - 1 }), { minLength: PATCHES, maxLength: PATCHES }), {
        minLength: views,
        maxLength: views,
      }),
      slots: fc.array(
        fc.oneof(
          { weight: 1, arbitrary: fc.constant('separator' as const) },
          {
            weight: 4,
            arbitrary: fc.uniqueArray(fc.integer({ min: 0, max: views * PATCHES - 1 }), { minLength: 1, maxLength: 2 }),
          },
        ),
        { minLength: 1, maxLength: 14 },
      ),
    }),
  ),
)

const sharesOf = (patches: readonly number[]): PackedSlot =>
  patches.map((patch) => ({
    view: Math.floor(patch / PATCHES),
    patch: patch % PATCHES,
    weight: patches.length === 1 ? 1 : patch === patches[0] ? 0.75 : 0.25,
  }))

const encoded = (owners: readonly number[][], tokens: number): EncodedView[] =>
  owners.map((owner, view) => ({
    embeds: f32(
      [tokens, WIDTH],
      Float32Array.from({ length: tokens * WIDTH }, (_, at) => Math.sin(1 + view * 17 + at)),
    ),
    owner,
    memory: {},
    separator: Float32Array.from(SEPARATOR),
    grid: { rows: 2, columns: 2 },
    milliseconds: 0,
    cost: { flops: 0, bytes: 0 },
  }))

/** The same by the graph, one program for all shapes of a width of slots. */
async function packed(views: readonly EncodedView[], slots: readonly PackedSlot[]) {
  const feeds = packingFeeds(slots, PATCHES)
  const most = feeds.patches.dims[1]
  const tokens = {
    states: input('given', ['views', 'tokens', WIDTH]),
    owner: input('owners', ['views', PATCHES], 'i64'),
    memory: {},
    changedBy: [],
  } as unknown as VisualTokens
  const packing = {
    patches: input('patches', ['slots', most], 'i64'),
    weights: input('weights', ['slots', most]),
    rows: input('rows', ['slots'], 'i64'),
  }
  const { states, owner } = packTokens(
    tokens,
    packing,
    reshape(slice(input('separator', [1, WIDTH]), 0, 0, 1), [WIDTH]),
  )
  const program = await compile(backend, { states, owner })
  const count = views[0].embeds.dims[0]
  const { values } = await program.run({
    ...Object.fromEntries(Object.entries(feeds).filter(([name]) => program.inputs.some((each) => each.name === name))),
    given: f32([views.length, count, WIDTH], Float32Array.from(views.flatMap(({ embeds }) => Array.from(embeds.data)))),
    owners: i64(
      [views.length, PATCHES],
      views.flatMap(({ owner }) => [...owner]),
    ),
    separator: f32([1, WIDTH], Float32Array.from(SEPARATOR)),
  })
  await program.dispose()
  return { rows: values.states.data as Float32Array, owner: Array.from(values.owner.data, Number) }
}

describe('packing in the graph', () => {
  it('is packing on the host: dropped, merged and mixed patches, and rows that are gone', async () => {
    await fc.assert(
      fc.asyncProperty(caseOf, async ({ tokens, owners, slots: drawn }) => {
        const slots = drawn.map((slot) => (slot === 'separator' ? slot : sharesOf(slot)))
        const views = encoded(owners, tokens)
        const wanted = packViews(views, slots)
        const { rows, owner } = await packed(views, slots)
        expect(rows.length).toBe(wanted.embeds.data.length)
        expect(largestDifference(rows, wanted.embeds.data)).toBeLessThan(1e-6)
        expect(owner).toEqual(wanted.owner)
      }),
      { numRuns: 60, seed: 7 },
    )
  })
})
