/** What is read of a model for the statistics: states of both modalities layer by layer, and inputs of linear layers. */
import type { Architecture } from '../../../models/family.ts'
import type { DecoderLayer } from '../../../models/language/sequence.ts'
import { createScope } from '../../../nn/index.ts'
import { traceLanguage } from '../../../pipeline/flow/trace-language.ts'
import { compose } from '../../../pipeline/method/compose.ts'
import type { Method } from '../../../pipeline/method/method.ts'
import { gatherRows } from '../../../pipeline/method/rows.ts'
import type { Read, Sequence } from '../../../pipeline/method/sequence.ts'
import { cosine } from '../../../pipeline/method/similarity.ts'
import {
  arange,
  cast,
  concat,
  constant,
  div,
  equal,
  expand,
  fixedDim,
  greater,
  max,
  maximum,
  mul,
  reshape,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from '../../../tensor/index.ts'
import { inBlocks } from '../../../training/lora.ts'

export const MODALITIES = ['visual', 'text'] as const
export type Modality = (typeof MODALITIES)[number]

/**
 * Heads for every layer: `visual.mean.l` and `text.mean.l` [d], `*.norm.l` the L2 norm of each token, `*.same.l` the mean
 * cosine of tokens before and after the layer. l = 0 is what comes into the first layer. Text is what follows the
 * pictures, so that neither the first token nor what the template says before them counts.
 */
export function stateProbe({ language: { layers } }: Architecture): Method {
  const heads: Record<string, (read: Read) => Tensor> = {}
  for (const modality of MODALITIES)
    for (let l = 0; l <= layers; l++) {
      heads[`${modality}.mean.${l}`] = (read) => meanRow(statesAt(read, l), slotsOf(read, modality))
      heads[`${modality}.norm.${l}`] = (read) => tokenNorms(statesAt(read, l), slotsOf(read, modality))
      if (l > 0) heads[`${modality}.same.${l}`] = (read) => meanCosine(read, l, slotsOf(read, modality))
    }
  return { name: 'ima-states', read: { heads } }
}

const statesAt = ({ layers }: Read, l: number): Tensor => (l === 0 ? layers[0].input.states : layers[l - 1].output)

interface Slots {
  /** i64 [b, n] */
  readonly slots: Tensor
  /** 1 where a slot counts, f32 [b, n]. */
  readonly weights: Tensor
}

function slotsOf({ layers }: { readonly layers: readonly DecoderLayer[] }, modality: Modality): Slots {
  const { visual, text } = layers[0].input as Sequence
  const before = expand(constant([-1], [1, 1], 'i64'), [visual.shape[0], 1])
  const last = reshape(max(concat([before, visual], 1), 1), [visual.shape[0], 1])
  if (modality === 'visual') return { slots: visual, weights: cast(greater(visual, -1), 'f32') }
  return { slots: text, weights: cast(greater(text, last), 'f32') }
}

/** The weighted mean of rows [b, n, d]: of a batch of one, [d]. */
function meanRow(states: Tensor, { slots, weights }: Slots): Tensor {
  const wide = reshape(weights, [...weights.shape, 1])
  const total = div(sum(mul(gatherRows(states, slots), wide), 1), maximum(sum(wide, 1), 1))
  return reshape(total, [states.shape[2]])
}

/** Norms [n]; 0 of slots that do not count. */
const tokenNorms = (states: Tensor, { slots, weights }: Slots): Tensor =>
  reshape(mul(sqrt(sum(square(gatherRows(states, slots)), -1)), weights), [slots.shape[1]])

function meanCosine(read: Read, l: number, { slots, weights }: Slots): Tensor {
  const [before, after] = [l - 1, l].map((at) => gatherRows(statesAt(read, at), slots))
  return reshape(div(sum(mul(cosine(before, after), weights), 1), maximum(sum(weights, 1), 1)), [1])
}

/** A linear layer inside the blocks of a language model. */
export interface LinearLayer {
  readonly weight: string
  readonly rows: number
  readonly columns: number
}

/** All of them, in the order in which they run. */
export function linearLayers(architecture: Architecture): LinearLayer[] {
  const found = new Map<string, LinearLayer>()
  const note: Method = {
    name: 'ima-names',
    read: {
      linear: (x, next, { weight, out }) => {
        if (inBlocks(weight)) found.set(weight, { weight, rows: out, columns: fixedDim('ima', x, -1) })
        return next(x)
      },
    },
  }
  traceLanguage(architecture, compose(note), createScope())
  return [...found.values()]
}

/**
 * Heads of linear layers: `visual.W` and `text.W` [in], the squared inputs of each column summed over the tokens of a
 * modality, and `weight.W` [in, out], the matrix that the layer computes with, whatever its precision.
 */
export function activationProbe(layers: readonly LinearLayer[]): Method {
  const seen = new Map<string, Record<string, Tensor>>()
  let prompt: Sequence
  const heads = layers.flatMap(({ weight }) =>
    [...MODALITIES, 'weight'].map((kind) => [`${kind}.${weight}`, () => seen.get(weight)![kind]] as const),
  )
  return {
    name: `ima-activations:${layers.map(({ weight }) => weight).join('/')}`,
    read: {
      sequence: (seq) => {
        prompt = seq
        return seq
      },
      linear: (x, next, { weight }) => {
        if (layers.some((layer) => layer.weight === weight))
          seen.set(weight, { ...columnSquares(x, prompt), weight: matrixOf(x, next) })
        return next(x)
      },
      heads: Object.fromEntries(heads),
    },
  }
}

function columnSquares(x: Tensor, { visual, text }: Sequence): Record<Modality, Tensor> {
  const of = (slots: Tensor) => reshape(sum(square(gatherRows(x, slots)), 1), [x.shape[2]])
  return { visual: of(visual), text: of(text) }
}

/** What a layer makes of the unit vectors, less what it makes of nothing: W^T. */
function matrixOf(x: Tensor, next: (x: Tensor) => Tensor): Tensor {
  const width = fixedDim('ima', x, -1)
  const unit = cast(equal(reshape(arange(width), [width, 1]), arange(width)), 'f32')
  const rows = reshape(unit, [1, width, width])
  const made = sub(next(rows), next(mul(rows, 0)))
  return reshape(made, [width, made.shape[2]])
}
