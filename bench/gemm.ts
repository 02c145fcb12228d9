import { compile, f32, quantizeInt8, type Value, weightsOf } from '../src/runtime/index.ts'
import { input, linearInt8, matmul, parameter, type Tensor } from '../src/tensor/index.ts'
import { Rng } from '../src/world/rng.ts'
import { type Benchmark, type Context, medianOf } from './row.ts'

const SIDE = 1024
const GFLOP = (2 * SIDE ** 3) / 1e9

function noise(seed: string): Float32Array {
  const rng = Rng.from(1, seed)
  return Float32Array.from({ length: SIDE ** 2 }, () => rng.float(-1, 1))
}

/** GFLOP/s of x [1024, 1024] times a weight; x stays with the engine, so that only the product is timed. */
async function speedOf(
  { backend, repeat }: Pick<Context, 'backend' | 'repeat'>,
  product: (x: Tensor) => Tensor,
  weights: ReadonlyMap<string, Value>,
): Promise<number> {
  const out = product(input('x', [SIDE, SIDE]))
  const program = await compile(backend, { out }, { weights: weightsOf(weights) })
  await program.session.write({ x: f32([SIDE, SIDE], noise('x')) })
  const milliseconds = await medianOf(repeat * 3, async () => {
    const result = await program.run({ x: { resident: 'x' } }, { fetch: [], keep: { out: 'out' } })
    return result.milliseconds
  })
  await program.dispose()
  return GFLOP / (milliseconds / 1000)
}

export const gemmPeak = (context: Pick<Context, 'backend' | 'repeat'>): Promise<number> =>
  speedOf(
    context,
    (x) => matmul(x, parameter('weight', [SIDE, SIDE])),
    new Map([['weight', f32([SIDE, SIDE], noise('weight'))]]),
  )

function int8Speed(context: Context): Promise<number> {
  const { weight, scale, zero } = quantizeInt8(noise('weight'), SIDE, SIDE)
  const leaves = [
    parameter('weight', [SIDE, SIDE], 'i8'),
    parameter('scale', [SIDE]),
    parameter('zero', [SIDE], 'i8'),
  ] as const
  const values = new Map<string, Value>(Object.entries({ weight, scale, zero }))
  return speedOf(context, (x) => linearInt8(x, ...leaves), values)
}

/** What the machine can do at best: everything else is measured against it. */
export const gemm: Benchmark = {
  name: 'gemm',
  measure: async (context) => {
    const [fp32, int8] = [await context.peak(), await int8Speed(context)]
    return [
      { name: 'GEMM 1024^3, f32: the peak', value: fp32, unit: 'GFLOP/s' },
      {
        name: 'int8 linear 1024^3 over the f32 peak',
        value: int8 / fp32,
        unit: 'x',
        note: `${int8.toFixed(0)} GFLOP/s`,
      },
    ]
  },
}
