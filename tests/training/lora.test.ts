import { afterAll, describe, expect, it } from 'vitest'
import { createScope, linear, type Scope } from '../../src/nn/index.ts'
import { compile, f32, type Value, weightsOf } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { input, mean, square, sub } from '../../src/tensor/index.ts'
import { partLeaves } from '../../src/training/freezing.ts'
import { initialise } from '../../src/training/initialise.ts'
import { isLora, mergeLora, withLora } from '../../src/training/lora.ts'
import { adamw } from '../../src/training/optimizers.ts'
import { compileStep } from '../../src/training/step.ts'
import { Rng } from '../../src/world/rng.ts'

const backend = new NodeBackend()
afterAll(() => backend.dispose())

const options = { rank: 2, alpha: 6, match: (name: string) => name.startsWith('layers.0.') }
const network = (p: Scope) => linear(p.at('layers', 1), linear(p.at('layers', 0), input('x', [2, 3]), 4), 1)

function adapted() {
  const scope = createScope()
  return { scope, y: network(withLora(scope, options)) }
}

function valuesOf(scope: Scope): Map<string, Value> {
  const rng = Rng.from(1, 'lora')
  const value = (name: string, shape: readonly number[]) => f32(shape, initialise(name, shape, 1, rng))
  return new Map([...scope.parameters].map(([name, leaf]) => [name, value(name, leaf.shape.map(Number))]))
}

const x = f32([2, 3], Float32Array.of(1, 2, 3, -1, 0, 1))

async function evaluate(p: Scope, make: (p: Scope) => ReturnType<typeof network>, values: Map<string, Value>) {
  const program = await compile(backend, { y: make(p) }, { weights: weightsOf(values) })
  const result = await program.run({ x })
  await program.dispose()
  return [...(result.values.y.data as Float32Array)]
}

describe('LoRA', () => {
  it('adds pairs to matched matrices only, named beside them', () => {
    const { scope } = adapted()
    const shapes = Object.fromEntries([...scope.parameters].map(([name, { shape }]) => [name, shape.join()]))
    expect(shapes).toEqual({
      'layers.0.weight': '4,3',
      'layers.0.lora_A.weight': '2,3',
      'layers.0.lora_B.weight': '4,2',
      'layers.0.bias': '4',
      'layers.1.weight': '1,4',
      'layers.1.bias': '1',
    })
  })

  it('changes nothing at the start, since B is zero', async () => {
    const values = valuesOf(adapted().scope)
    const plain = await evaluate(createScope(), network, values)
    expect(await evaluate(createScope(), (p) => network(withLora(p, options)), values)).toEqual(plain)
  })

  it('trains the pairs alone, and merges into weights that answer alike', async () => {
    const { scope, y } = adapted()
    const { trained, frozen } = partLeaves(scope.parameters, isLora)
    expect([...trained.keys()].every(isLora)).toBe(true)
    const values = valuesOf(scope)
    const step = await compileStep(backend, {
      losses: { error: mean(square(sub(y, 5))) },
      trained,
      optimizer: () => adamw(),
      clip: 10,
      frozen: new Map([...frozen.keys()].map((name) => [name, values.get(name)!])),
    })
    await step.load(values)
    const losses: number[] = []
    for (let at = 1; at <= 20; at++) losses.push((await step.run({ x }, 0.02, at)).error)
    expect(losses.at(-1)).toBeLessThan(losses[0] / 2)
    const after = new Map([...values, ...[...(await step.read())].filter(([name]) => isLora(name))])
    const merged = mergeLora(after, options.alpha)
    expect([...merged.keys()].some(isLora)).toBe(false)
    const [left, right] = [
      await evaluate(createScope(), (p) => network(withLora(p, options)), after),
      await evaluate(createScope(), network, merged),
    ]
    left.forEach((value, at) => {
      expect(right[at]).toBeCloseTo(value, 4)
    })
  })
})
