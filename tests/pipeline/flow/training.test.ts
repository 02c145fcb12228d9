/** Methods under the masks and batches of training: what traces for inference is differentiated as it is. */
import { afterAll, describe, expect, it } from 'vitest'
import { llava } from '../../../src/models/vlm/llava.ts'
import { createScope, type Scope } from '../../../src/nn/index.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { read } from '../../../src/pipeline/flow/read.ts'
import { see } from '../../../src/pipeline/flow/see.ts'
import { rowNumbers } from '../../../src/pipeline/method/rows.ts'
import { compile, f32, i64, type Value, weightsOf } from '../../../src/runtime/index.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import {
  add,
  cast,
  concat,
  constant,
  grad,
  input,
  mean,
  mul,
  slice,
  square,
  sub,
  subDim,
  type Tensor,
} from '../../../src/tensor/index.ts'
import { initialise } from '../../../src/training/initialise.ts'
import { Rng } from '../../../src/world/rng.ts'
import { largestDifference, PATCHES, tinyConfig } from '../tiny-model.ts'

const backend = new NodeBackend()
afterAll(() => backend.dispose())

const TEXT = 6
const architecture = llava.bind(tinyConfig(64))
const methods = [
  'dense',
  'random:keep=.5',
  'visionzip:keep=.5',
  'fastv:layer=1,keep=.5',
  'visionzip:keep=.75+fastv:layer=2,keep=.5',
]

/** States of the text after all layers, [b, text, d]. */
function textStates(p: Scope, batch: number, name: string): Tensor {
  const method = parseMethod(name)
  const { states } = see(p, architecture, method, { pixels: input('pixels', [batch, 3, 32, 32]) })
  const embeds = architecture.language.embed(p, input('ids', [batch, TEXT], 'i64'))
  const tokens = rowNumbers(states)
  const segment = concat([mul(tokens, 0), input('segments', [batch, TEXT], 'i64')], 1)
  const { hidden } = read(p, architecture, method, {
    states: concat([states, embeds], 1),
    positions: concat([cast(tokens, 'f32'), input('positions', [batch, TEXT])], 1),
    tags: { segment },
    visual: tokens,
    text: add(rowNumbers(embeds), states.shape[1] as number),
    source: tokens,
    opening: constant([1], []),
  })
  return slice(hidden, 1, subDim(hidden.shape[1], TEXT))
}

/** Two conversations about each image, one of four tokens and one of two. */
function batchOf(images: readonly number[]): Record<string, Value> {
  const pixels = images.flatMap((at) => {
    const rng = Rng.from(at, 'flow training')
    return Array.from({ length: 3 * 32 * 32 }, () => rng.normal())
  })
  const n = images.length
  const every = <T>(row: readonly T[]) => images.flatMap(() => row)
  return {
    pixels: f32([n, 3, 32, 32], Float32Array.from(pixels)),
    ids: i64(
      [n, TEXT],
      images.flatMap((at) => Array.from({ length: TEXT }, (_, i) => 5 + ((at * 7 + i) % 50))),
    ),
    segments: i64([n, TEXT], every([1, 1, 1, 1, 2, 2])),
    positions: f32([n, TEXT], Float32Array.from(every([0, 1, 2, 3, 0, 1].map((step) => PATCHES + step)))),
  }
}

const weightsFor = (scope: Scope): Map<string, Value> =>
  new Map(
    [...scope.parameters].map(([name, { shape }]) => [
      name,
      f32(shape.map(Number), initialise(name, shape, 4, Rng.from(3, name))),
    ]),
  )

async function run(outputs: Record<string, Tensor>, weights: ReadonlyMap<string, Value>, feeds: Record<string, Value>) {
  const program = await compile(backend, outputs, { weights: weightsOf(weights) })
  const known = new Set(program.inputs.map(({ name }) => name))
  const { values } = await program.run(Object.fromEntries(Object.entries(feeds).filter(([name]) => known.has(name))))
  await program.dispose()
  return values
}

describe.each(methods)('%s under a training mask', (name) => {
  it('makes of each image of a batch what it makes of it alone', async () => {
    const [two, one] = [createScope(), createScope()]
    const states = textStates(two, 2, name)
    const weights = weightsFor(two)
    const both = await run({ states }, weights, batchOf([1, 2]))
    const alone = textStates(one, 1, name)
    const half = both.states.data.length / 2
    for (const [index, image] of [1, 2].entries()) {
      const { states } = await run({ states: alone }, weights, batchOf([image]))
      const part = (both.states.data as Float32Array).slice(index * half, (index + 1) * half)
      expect(largestDifference(part, states.data as Float32Array)).toBeLessThan(1e-5)
    }
  })

  it('lets a conversation see the image and itself, not the one before it', async () => {
    const scope = createScope()
    const states = textStates(scope, 1, name)
    const weights = weightsFor(scope)
    const before = batchOf([1])
    const changed = { ...before, ids: i64([1, TEXT], [9, 9, 9, 9, ...Array.from(before.ids.data, Number).slice(4)]) }
    const [a, b] = [await run({ states }, weights, before), await run({ states }, weights, changed)]
    const second = (values: Record<string, Value>) => (values.states.data as Float32Array).slice(4 * 32)
    // FastV looks from the last token, which is of the second conversation.
    expect(largestDifference(second(a), second(b))).toBe(0)
    expect(
      largestDifference((a.states.data as Float32Array).slice(0, 32), (b.states.data as Float32Array).slice(0, 32)),
    ).toBeGreaterThan(0)
  })

  it('is differentiated: gradients are those of finite differences', async () => {
    const scope = createScope()
    const loss = mean(square(sub(slice(textStates(scope, 2, name), 2, 0, 9), 1))) // all numbers of a state have one norm
    const leaf = 'multi_modal_projector.linear_1.weight'
    const weights = weightsFor(scope)
    const [gradient] = grad(loss, [scope.parameters.get(leaf)!])
    const feeds = batchOf([1, 2])
    const values = await run({ gradient }, weights, feeds)
    const slope = values.gradient.data as Float32Array
    const at = slope.reduce((best, value, i) => (Math.abs(value) > Math.abs(slope[best]) ? i : best), 0)
    const step = 2e-3
    const losses = [step, -step].map(async (by) => {
      const moved = Float32Array.from(weights.get(leaf)!.data as Float32Array)
      moved[at] += by
      const { loss: value } = await run({ loss }, new Map([...weights, [leaf, f32([32, 32], moved)]]), feeds)
      return Number(value.data[0])
    })
    const [up, down] = await Promise.all(losses)
    expect(Math.abs(slope[at])).toBeGreaterThan(1e-4)
    expect((up - down) / (2 * step)).toBeCloseTo(slope[at], 3)
  })
})
