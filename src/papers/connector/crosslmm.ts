import { z } from 'zod'
import type { DecoderStages } from '../../models/language/sequence.ts'
import {
  attend,
  attentionWeights,
  layerNormed,
  linear,
  mapLeaves,
  mergeHeads,
  type Scope,
  splitHeads,
  zeros,
} from '../../nn/index.ts'
import { leave, recall } from '../../pipeline/method/memory.ts'
import type { LayerSite, PlaceFunctions, Site } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { poolTokens } from '../../pipeline/method/pool.ts'
import { writeRows } from '../../pipeline/method/rows.ts'
import { type Sequence, textStates, visualStates } from '../../pipeline/method/sequence.ts'
import {
  add,
  addDim,
  arange,
  concat,
  dimValue,
  fixedDim,
  less,
  mul,
  pad,
  reshape,
  select,
  slice,
  sub,
  type Tensor,
  tanh,
} from '../../tensor/index.ts'
import { alignAndTune } from '../../training/dialogue-stage.ts'
import { loraRank, tuned } from '../../training/lora.ts'
import { paper } from '../paper.ts'

const ID = 'crosslmm'

/** Who looks at the patches: visual tokens, and text. */
type Branch = 'v2v' | 't2v'

const options = z.object({
  side: z.int().min(1).default(3).describe('a view becomes side x side tokens'),
  every: z.int().min(1).default(4).describe('K: patches are looked at before layers 0, K, 2K, ...'),
  layer: z
    .enum(['shared', 'own'])
    .default('shared')
    .describe('what looks: the layers of the model, or layers of its own before them'),
  text: z.boolean().default(true).describe('text looks at the patches too; off in the first stage of training'),
  lora: loraRank,
})

type Options = z.output<typeof options>

/**
 * CrossLMM: Decoupling Long Video Sequences from LMMs via Dual Cross-Attention Mechanisms
 * 2025. https://arxiv.org/abs/2505.17020
 */
export const crosslmm = paper({
  id: 'crosslmm',
  name: 'CrossLMM',
  title: 'CrossLMM: Decoupling Long Video Sequences from LMMs via Dual Cross-Attention Mechanisms',
  arxiv: '2505.17020',
  url: 'https://arxiv.org/abs/2505.17020',
  code: 'https://github.com/shilinyan99/CrossLMM',
  date: '2025-05',
  kind: ['connector', 'reducer', 'compute', 'training'],
  summary:
    'Pooling a frame to a handful of tokens makes long video affordable and blurs it. CrossLMM keeps the full ' +
    'patch features outside the sequence: before every few decoder layers, gated cross-attention lets the pooled ' +
    'visual tokens, and separately the text tokens, read them again. One to sixteen tokens per frame then compete ' +
    'with models that spend 196.',
  equation: String.raw`V \leftarrow V + \tanh(\gamma_v)\, \mathrm{softmax}\!\left(\frac{Q K^{\top}}{\sqrt{d}}\right) V',\qquad Q = W_q\, \mathrm{LN}(V),\quad K = W_k V_o,\quad V' = W_v V_o`,
  where:
    'V_o are the patches of a frame, pooled to side^2 visual tokens V before the projector. Before every K-th ' +
    'decoder layer, visual tokens (eq. 7) and, with weights of its own, text (eq. 10) look at all patches of all ' +
    'frames. No positions, no mask.',
  differs: [
    'No code is published. The pretrained layer with its own self-attention and feed-forward part follows; with ' +
      '`own` layers, those of the paper, there is a whole layer around the two, normalised before its parts as ' +
      'the layers of the model are, and with a cache of its own.',
    'Layers are 0, K, 2K, ...; gates, and what own layers add, begin at 0, so the model begins as the pooled one.',
    'Heads and grouped keys are those of the language model, V_o is not normalised.',
    '27 x 27 patches become 3 x 3: the N / 9 of the text does not fit its 9 tokens.',
    "K and V' are computed once per picture, in the vision program, and stay with the conversation: decoding " +
      'adds only queries.',
    'Text is every row that is no visual token; without pictures no one looks.',
    'Trained are first the projector and what visual tokens look with, then the part of the text and the ' +
      'language model too, by LoRA; the encoder, which the paper trains in the end, is frozen.',
  ],
  places: ['see.connector', 'read.layer', 'read.linear', 'training'],
  options,
  method: (options) => places(options),
  recipe: (options) => {
    const [align, method] = [false, options.text].map((text) => ({ name: ID, ...places({ ...options, text }) }))
    return { options, stages: alignAndTune({ rate: 3e-3, align, method }) }
  },
})

function places({ side, every, layer, text, lora }: Options): PlaceFunctions {
  const branches: readonly Branch[] = text ? ['v2v', 't2v'] : ['v2v']
  const before = layer === 'own' ? ownLayer : crossed
  return {
    ...(layer === 'own' && { needs: { layers: ({ layers }) => Math.ceil(layers / every) } }),
    see: {
      connector: (tokens, next, at) => {
        const pooled = next(poolTokens(tokens, { rows: side, columns: side }, ID))
        const { layers } = at.architecture.language
        const crossed = Array.from({ length: layers }, (_, layer) => layer).filter((layer) => layer % every === 0)
        return crossed.reduce((left, layer) => {
          const kept = branches.flatMap((branch) => keysAndValues(at, layer, branch, tokens.states))
          return leave(left, memoryOf(layer), concat(kept, 2), ID)
        }, pooled)
      },
    },
    read: {
      ...tuned(lora),
      layer: (seq, next, at) => next(at.layer % every === 0 ? before(seq, at, branches, at.layer / every) : seq),
    },
  }
}

const memoryOf = (layer: number): string => `cross.${layer}`

const scopeOf = ({ p }: Site, layer: number, branch: Branch): Scope => p.at('layers', layer, branch)

/** K and V' of all patches [b, n, d], [b, n, hk w] each. */
function keysAndValues(at: Site, layer: number, branch: Branch, patches: Tensor): Tensor[] {
  const { keyValue, width } = at.architecture.language.heads
  const p = scopeOf(at, layer, branch)
  return ['k_proj', 'v_proj'].map((name) => linear(p.at(name), patches, keyValue * width, false))
}

/** A sequence whose visual tokens, and then its text, have looked at all patches. */
function crossed(seq: Sequence, at: LayerSite, branches: readonly Branch[]): Sequence {
  const memory = recall(at, memoryOf(at.layer), ID)
  const width = fixedDim(ID, memory, 2) / (2 * branches.length)
  const part = (index: number) => slice(memory, 2, index * width, (index + 1) * width)
  let states = seq.states
  for (const [index, branch] of branches.entries()) {
    const [rows, slots] = branch === 'v2v' ? [visualStates(seq), seq.visual] : [textStates(seq), seq.text]
    const seen = look(scopeOf(at, at.layer, branch), rows, part(2 * index), part(2 * index + 1), at)
    states = writeRows(states, slots, seen)
  }
  return { ...seq, states }
}

/**
 * The layer of the paper, of the kind of the language model's: I' = I + SelfAttention(LN(I)), both cross-attentions on LN(I'),
 * and the feed-forward part on what comes of that. It adds nothing before it is trained.
 */
function ownLayer(seq: Sequence, at: LayerSite, branches: readonly Branch[], index: number): Sequence {
  const { extend, further } = at.architecture.language
  if (!extend) throw methodError(`${ID} has layers of a decoder, and ${at.architecture.name} has none to copy`)
  const past = further?.past(index)
  const feedForward: DecoderStages['feedForward'] = (_, x, next) => {
    const { states } = crossed({ ...seq, states: x }, at, branches)
    return add(sub(states, x), next(states))
  }
  const { layers, last } = extend(quiet(at.p.at('own', at.layer)), seq, 1, {
    ...(past && { past: [past] }),
    stages: { feedForward },
  })
  further?.keep(index, layers[0])
  return { ...seq, states: last.states }
}

/** What writes into the states begins at zero. */
const quiet = (p: Scope): Scope =>
  mapLeaves(p, (leaf, name, shape, first) => leaf(name, shape, WRITES.test(leaf.prefix) ? zeros : first))

const WRITES = /\.(o_proj|out_proj|down_proj|fc2)\.$/

/** x + tanh(gamma) W_o softmax(Q K^T / sqrt(d)) V'. */
function look(p: Scope, x: Tensor, keys: Tensor, values: Tensor, { architecture }: LayerSite): Tensor {
  const { count, keyValue, width } = architecture.language.heads
  const queries = splitHeads(linear(p.at('q_proj'), layerNormed(p.at('norm'), x), count * width, false), count)
  const held = (rows: Tensor) => splitHeads(pad(rows, 1, 0, 1), keyValue)
  const weights = attentionWeights(queries, held(keys), onlyHeld(keys))
  const found = linear(p.at('o_proj'), mergeHeads(attend(weights, held(values))), fixedDim(ID, x, 2), false)
  return add(x, mul(tanh(p('gate', [1], zeros)), found))
}

/** Hides the row of zeros behind the patches, which is there so that without pictures there is something to sum over. */
function onlyHeld({ shape: [, count] }: Tensor): Tensor {
  const places = arange(addDim(count, 1))
  return reshape(select(less(places, dimValue(count)), 0, -1e9), [1, 1, 1, addDim(count, 1)])
}
