import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { PackedSlot } from '../../../src/models/views/prompt-form.ts'
import type { EncodedView } from '../../../src/pipeline/flow/encoded-view.ts'
import { f32 } from '../../../src/runtime/index.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { packInGraph } from '../pictures/gathered.ts'
import { packOnHost } from '../pictures/host-pack.ts'
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
    signals: {},
    changedBy: [],
    grid: { rows: 2, columns: 2 },
    milliseconds: 0,
    cost: { flops: 0, bytes: 0 },
  }))

describe('packing in the graph', () => {
  it('is packing on the host: dropped, merged and mixed patches, and rows that are gone', async () => {
    await fc.assert(
      fc.asyncProperty(caseOf, async ({ tokens, owners, slots: drawn }) => {
        const slots = drawn.map((slot) => (slot === 'separator' ? slot : sharesOf(slot)))
        const views = encoded(owners, tokens)
        const wanted = packOnHost(views, slots, Float32Array.from(SEPARATOR))
        const { embeds, owner } = await packInGraph(backend, views, slots, SEPARATOR)
        expect(embeds.dims).toEqual(wanted.embeds.dims)
        expect(largestDifference(embeds.data, wanted.embeds.data)).toBeLessThan(1e-6)
        expect(owner).toEqual(wanted.owner)
      }),
      { numRuns: 60, seed: 7 },
    )
  })
})
