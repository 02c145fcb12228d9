import { afterAll, describe, expect, it } from 'vitest'
import { createScope, linear, type Scope, withLinear } from '../../src/nn/index.ts'
import type { Site } from '../../src/pipeline/method/method.ts'
import { compile, f32, type Value, weightsOf } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { input, mean, square, sub } from '../../src/tensor/index.ts'
import { partLeaves } from '../../src/training/freezing.ts'
import { firstValue } from '../../src/training/initialise.ts'
import { inBlocks, isLora, lora, mergeLora } from '../../src/training/lora.ts'
import { adamw } from '../../src/training/optimizers.ts'
import { compileStep } from '../../src/training/step.ts'

const backend = new NodeBackend()
afterAll(() => backend.dispose())

const options = { rank: 2, alpha: 6, match: (weight: string) => weight.startsWith('layers.0.') }
const network = (p: Scope) => linear(p.at('layers', 1), linear(p.at('layers', 0), input('x', [2, 3]), 4), 1)

/** The scope whose linear layers have pairs, which lie below `pairs`. */
function adapted(p: Scope): Scope {
  const site = { p: p.at('pairs') } as Site
  return withLinear(p, (x, next, place) => lora(options)(x, next, { ...site, ...place }))
}

function valuesOf(scope: Scope): Map<string, Value> {
  const value = (name: string) => firstValue(scope, name, { seed: 1, depth: 1 })
  return new Map([...scope.parameters].map(([name, { shape }]) => [name, f32(shape.map(Number), value(name))]))
}

const x = f32([2, 3], Float32Array.of(1, 2, 3, -1, 0, 1))

async function evaluate(make: (p: Scope) => ReturnType<typeof network>, values: ReadonlyMap<string, Value>) {
  const program = await compile(backend, { y: make(createScope()) }, { weights: weightsOf(values) })
  const result = await program.run({ x })
  await program.dispose()
  return [...(result.values.y.data as Float32Array)]
}

const withPairs = (p: Scope) => network(adapted(p))

describe('LoRA', () => {
  it('gives pairs to the layers that match, named by their weights', () => {
    const scope = createScope()
    withPairs(scope)
    const shapes = Object.fromEntries([...scope.parameters].map(([name, { shape }]) => [name, shape.join()]))
    expect(shapes).toEqual({
      'layers.0.weight': '4,3',
      'layers.0.bias': '4',
      'pairs.layers.0.lora_A.weight': '2,3',
      'pairs.layers.0.lora_B.weight': '4,2',
      'layers.1.weight': '1,4',
      'layers.1.bias': '1',
    })
  })

  it('changes nothing at the start, since B is zero', async () => {
    const scope = createScope()
    withPairs(scope)
    const values = valuesOf(scope)
    expect(Array.from(values.get('pairs.layers.0.lora_B.weight')!.data, Number).every((weight) => weight === 0)).toBe(
      true,
    )
    expect(await evaluate(withPairs, values)).toEqual(await evaluate(network, values))
  })

  it('trains the pairs alone, and merges into weights that answer alike', async () => {
    const scope = createScope()
    const y = withPairs(scope)
    const { trained, frozen } = partLeaves(scope.parameters, isLora)
    expect([...trained.keys()].every(isLora)).toBe(true)
    const values = valuesOf(scope)
    const step = await compileStep(backend, {
      losses: { error: mean(square(sub(y, 5))) },
      trained,
      optimizer: () => adamw(),
      clip: 10,
      frozen: { weights: weightsOf(new Map([...frozen.keys()].map((name) => [name, values.get(name)!]))) },
    })
    await step.load(values)
    const losses: number[] = []
    for (let at = 1; at <= 20; at++) losses.push((await step.run({ x }, 0.02, at)).error)
    expect(losses.at(-1)).toBeLessThan(losses[0] / 2)
    const after = new Map([...values, ...(await step.read())])
    const merged = mergeLora(values, after, { alpha: options.alpha, prefix: 'pairs.' })
    const [pairs, whole] = [await evaluate(withPairs, after), await evaluate(network, merged)]
    pairs.forEach((value, at) => {
      expect(Math.abs(whole[at] - value)).toBeLessThan(1e-5)
    })
    expect(pairs).not.toEqual(await evaluate(network, values))
  })

  it('takes what lies inside blocks for its layers', () => {
    expect(inBlocks('language_model.model.layers.0.self_attn.q_proj.weight')).toBe(true)
    expect(inBlocks('language_model.encoder.block.11.layer.0.SelfAttention.q.weight')).toBe(true)
    expect(inBlocks('language_model.lm_head.weight')).toBe(false)
  })
})
