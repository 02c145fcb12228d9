import {
  add,
  clip,
  constant,
  fixedDim,
  gather,
  gelu,
  geluTanh,
  layerNorm,
  leakyRelu,
  matmul,
  mul,
  pad,
  relu,
  rmsNorm,
  sigmoid,
  silu,
  slice,
  softplus,
  type Tensor,
  tanh,
  transpose,
} from '../tensor/index.ts'
import type { MatrixPart, Scope } from './scope.ts'

/**
 * x W^T + b with W [out, in], as checkpoints store it.
 * @param of size [out, in] of the whole matrix, where only its first rows and columns are used
 */
export function linear(p: Scope, x: Tensor, out: number, bias = true, of?: readonly [number, number]): Tensor {
  const plain = (x: Tensor, { outputs, inputs }: MatrixPart = {}) => {
    const width = fixedDim('linear', x, -1)
    const matrix = of ? corner(p('weight', of), out, width) : p('weight', [out, width])
    const y = matmul(picked(x, inputs, -1), transpose(picked(picked(matrix, outputs, 0), inputs, 1)))
    if (!bias) return spread(y, outputs, out)
    const offset = of ? slice(p('bias', [of[0]]), 0, 0, out) : p('bias', [out])
    return spread(add(y, picked(offset, outputs, 0)), outputs, out)
  }
  return p.around ? p.around(x, plain, { weight: `${p.prefix}weight`, out, of }) : plain(x)
}

/** Some places of an axis; all when absent. */
const picked = (x: Tensor, places: readonly number[] | undefined, axis: number): Tensor =>
  places ? gather(x, constant([...places], [places.length], 'i64'), axis) : x

/** The inverse along the last axis, 0 where nothing was picked. */
function spread(y: Tensor, places: readonly number[] | undefined, out: number): Tensor {
  if (!places) return y
  const from = new Array<number>(out).fill(places.length)
  for (const [at, place] of places.entries()) from[place] = at
  return gather(pad(y, -1, 0, 1), constant(from, [out], 'i64'), -1)
}

/** The first rows and columns of a matrix. */
export const corner = (weight: Tensor, rows: number, columns: number): Tensor =>
  slice(slice(weight, 0, 0, rows), 1, 0, columns)

export const layerNormed = (p: Scope, x: Tensor, epsilon?: number): Tensor => {
  const width = fixedDim('layerNorm', x, -1)
  return layerNorm(x, p('weight', [width]), p('bias', [width]), epsilon)
}

export const rmsNormed = (p: Scope, x: Tensor, epsilon?: number): Tensor =>
  rmsNorm(x, p('weight', [fixedDim('rmsNorm', x, -1)]), epsilon)

/** Rows of the embedding table: ids [...] -> [..., width]. */
export const embedding = (p: Scope, ids: Tensor, count: number, width: number): Tensor =>
  gather(p('weight', [count, width]), ids)

/** Activations by the names that configs use. */
export const activations: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  gelu,
  gelu_python: gelu,
  gelu_10: (x) => clip(gelu(x), -10, 10),
  quick_gelu: (x) => silu(x, 1.702),
  gelu_pytorch_tanh: geluTanh,
  gelu_python_tanh: geluTanh,
  gelu_new: geluTanh,
  gelu_fast: geluTanh,
  gelu_accurate: geluTanh,
  relu,
  relu2: (x) => mul(relu(x), relu(x)),
  relu6: (x) => clip(x, 0, 6),
  leaky_relu: (x) => leakyRelu(x),
  silu: (x) => silu(x),
  swish: (x) => silu(x),
  mish: (x) => mul(x, tanh(softplus(x))),
  tanh,
  sigmoid,
  linear: (x) => x,
}

export function activation(name: string): (x: Tensor) => Tensor {
  const f = activations[name]
  if (!f) throw new Error(`unknown activation "${name}"; known: ${Object.keys(activations).join(', ')}`)
  return f
}
