import {
  cast,
  constant,
  type DType,
  gather,
  INT4_BLOCK,
  isFloat,
  type Leaf,
  linearInt4,
  linearInt8,
  mul,
  parameter,
  rewrite,
  type Tensor,
  trace,
} from '../tensor/index.ts'
import { type LinearLayer, linearLayerOf } from './linear-layers.ts'

/** How one linear layer is computed: with int8 or int4 weights, or as it was. */
export type LayerForm = 'int8' | 'int4' | 'fp32'

export interface QuantizedLayer {
  readonly form: LayerForm
  /** Of int8: each row of the input is scaled by itself. */
  readonly perRow?: boolean
  /** Name of the vector [k] that input channels are multiplied with; its inverse is part of the weight. */
  readonly smoothing?: string
}

export interface QuantizedWeights {
  /** By the name of the layer's weight. */
  readonly layers: ReadonlyMap<string, QuantizedLayer>
  /** The dtype that any other weight is stored in. */
  readonly dtypeOf: (name: string) => DType | undefined
}

/** Names and shapes of what stands for a weight [n, k] in the int8 and int4 forms. */
export const quantizedParts = {
  int8: (name: string, n: number, k: number) => [
    { name: `${name}.int8`, dtype: 'i8', shape: [k, n] },
    { name: `${name}.scale`, dtype: 'f32', shape: [n] },
  ],
  int4: (name: string, n: number, k: number) => [
    { name: `${name}.int4`, dtype: 'u8', shape: [n, Math.ceil(k / INT4_BLOCK), INT4_BLOCK / 2] },
    { name: `${name}.scales`, dtype: 'f32', shape: [n * Math.ceil(k / INT4_BLOCK)] },
  ],
} as const satisfies Record<string, (name: string, n: number, k: number) => readonly Leaf[]>

/**
 * The same program over quantized weights. A layer keeps its name, shape and place; what traced it does not know. Rows
 * of a table in 16 bits are widened after they were looked up, so that no f32 copy of the table is made.
 * @param isKept says which weights were replaced by others, which are no quantized ones
 */
export function quantizedProgram<Outputs extends Readonly<Record<string, Tensor>>>(
  outputs: Outputs,
  { layers, dtypeOf }: QuantizedWeights,
  isKept: (weight: string) => boolean = () => false,
): Outputs {
  const smooth = smoother()
  const storedAs: QuantizedWeights['dtypeOf'] = (name) => (isKept(name) ? undefined : dtypeOf(name))
  return rewrite(outputs, (node, inputs) => {
    const layer = linearLayerOf(node, inputs)
    const chosen = layer && !isKept(layer.weight) ? layers.get(layer.weight) : undefined
    if (layer && chosen) return quantizedLayer(layer, chosen, smooth) ?? undefined
    return node.op.name === 'gather' ? lookUp(node, inputs, storedAs) : undefined
  })
}

function quantizedLayer(layer: LinearLayer, chosen: QuantizedLayer, smooth: Smoother): Tensor | undefined {
  const { form, smoothing, perRow } = chosen
  if (form === 'fp32') return undefined
  const { weight, input, k, n } = layer
  const x = smoothing === undefined ? input : smooth(input, smoothing, k)
  const [values, scale] = quantizedParts[form](weight, n, k).map((part) => parameter(part.name, part.shape, part.dtype))
  if (form === 'int4') return linearInt4(x, values, scale, n)
  return linearInt8(x, values, scale, constant(new Int8Array(n), [n], 'i8'), { perRow })
}

type Smoother = (x: Tensor, name: string, k: number) => Tensor

/** Multiplies the channels of x. A norm does it with its own scale and shift, at no cost. */
function smoother(): Smoother {
  const known = new Map<Tensor, Map<string, Tensor>>()
  return (x, name, k) => {
    const made = known.get(x) ?? new Map<string, Tensor>()
    known.set(x, made)
    const smoothed = made.get(name) ?? smoothedInput(x, parameter(name, [k]))
    made.set(name, smoothed)
    return smoothed
  }
}

function smoothedInput(x: Tensor, factor: Tensor): Tensor {
  if (x.op.name !== 'rmsNorm' && x.op.name !== 'layerNorm') return mul(x, factor)
  const [states, ...affine] = x.inputs
  return trace(x.op, [states, ...affine.map((vector) => mul(vector, factor))], x.attrs)
}

function lookUp(node: Tensor, [table, ids]: readonly Tensor[], dtypeOf: QuantizedWeights['dtypeOf']) {
  if (table.op.name !== 'parameter') return undefined
  const { name, shape } = table.attrs as Leaf
  const stored = dtypeOf(name)
  if (!stored || stored === table.dtype || !isFloat(stored)) return undefined
  const { axis } = node.attrs as { axis: number }
  return cast(gather(parameter(name, shape, stored), ids, axis), table.dtype)
}
