import type { Architecture } from '../../src/models/family.ts'
import { createScope, type Scope } from '../../src/nn/index.ts'
import { see } from '../../src/pipeline/flow/see.ts'
import type { Method } from '../../src/pipeline/method/method.ts'
import { weightsUnder } from '../../src/pipeline/method/own-weights.ts'
import type { VisualTokens } from '../../src/pipeline/method/visual-tokens.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { type Backend, compile, f32, i64, type Program, type Value } from '../../src/runtime/index.ts'
import { type Dim, grad, input, mean, square, sub, type Tensor } from '../../src/tensor/index.ts'
import { Rng } from '../../src/world/rng.ts'

/** The side of a view that every encoder takes, in pixels. */
export const sideOf = ({ vision: { viewSize, patchSize } }: Architecture): number =>
  viewSize > patchSize ? viewSize : 4 * patchSize

/** `see` over so many views of one size; the default is a named number of them. */
export function seeTraced(
  architecture: Architecture,
  method: Method,
  scope: Scope = createScope(),
  views: Dim = 'views',
): VisualTokens {
  const side = sideOf(architecture)
  const further = Object.entries(method.needs?.encoders ?? {}).map(([name, { side }]) => {
    return [name, input(`pixels.${name}`, [views, 3, side, side])] as const
  })
  return see(scope, architecture, method, {
    pixels: input('pixels', [views, 3, side, side]),
    encoders: Object.fromEntries(further),
    question: input('question', [1, 'question'], 'i64'),
  })
}

/** Random pixels of some views for everything that a program reads; those of a view are the same in every batch. */
function feedsOf({ inputs }: Program, seeds: readonly number[]): Record<string, Value> {
  const all = inputs.map(({ name, shape }) => {
    if (name === 'question') return [name, i64([1, 3], [5, 6, 7])] as const
    const [planes, side] = [3, Number(shape[2])]
    const pixels = seeds.flatMap((seed) => {
      const rng = Rng.from(seed, name)
      return Array.from({ length: planes * side * side }, () => rng.normal())
    })
    return [name, f32([seeds.length, planes, side, side], Float32Array.from(pixels))] as const
  })
  return Object.fromEntries(all)
}

export interface Ran {
  readonly values: Readonly<Record<string, Float32Array>>
  readonly flops: number
}

/** Compiles what was traced and runs it over batches of views, each named by the seeds of its pixels. */
export async function runViews(
  backend: Backend,
  { parts }: Model,
  method: Method,
  outputs: Readonly<Record<string, Tensor>>,
  batches: readonly (readonly number[])[],
): Promise<Ran[]> {
  const program = await compile(backend, outputs, weightsUnder(method, parts.weights))
  const ran: Ran[] = []
  for (const seeds of batches) {
    const { values, sizes } = await program.run(feedsOf(program, seeds))
    const numbers = Object.entries(values).map(([name, { data }]) => [name, Float32Array.from(data, Number)] as const)
    ran.push({ values: Object.fromEntries(numbers), flops: program.cost(sizes).flops })
  }
  await program.dispose()
  return ran
}

/**
 * Which weights of the method and of vision encoders a loss over all visual tokens has a slope at, for two random views. The
 * keys are the names of the leaves.
 */
export async function reachedBySlopes(backend: Backend, model: Model, method: Method): Promise<Map<string, boolean>> {
  const scope = createScope()
  const loss = mean(square(sub(seeTraced(model.parts.architecture, method, scope).states, 1)))
  const leaves = [...scope.parameters].filter(([leaf]) => leaf.startsWith('method.') || leaf.includes('vision'))
  const slopes = grad(
    loss,
    leaves.map(([, leaf]) => leaf),
  )
  const outputs = Object.fromEntries(leaves.map(([leaf], at) => [`slope ${leaf}`, slopes[at]]))
  const [{ values }] = await runViews(backend, model, method, outputs, [[1, 2]])
  return new Map(leaves.map(([leaf]) => [leaf, values[`slope ${leaf}`].some((value) => value !== 0)]))
}

/** Whether a weight is one of an encoder, the model's own or a further one. */
export const isOfEncoder = (leaf: string): boolean => leaf.includes('.encoders.') || leaf.includes('vision_tower')
