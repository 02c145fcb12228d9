/** The encoder of Qwen2-VL, Qwen2.5-VL and Qwen3-VL in GGUF: what is one tensor there was taken apart. */
import type { GgufFile } from '../../checkpoints/gguf.ts'
import { joinFloats } from '../../runtime/index.ts'
import { planNames } from './layer-names.ts'
import { ggufError, shapeAt } from './metadata.ts'
import type { Planned } from './planned.ts'

const NAMES = { 'v.post_ln': 'merger.ln_q', 'mm.0': 'merger.mlp.0', 'mm.2': 'merger.mlp.2' }
const IN_LAYER = { ln1: 'norm1', ln2: 'norm2', attn_out: 'attn.proj', attn_qkv: 'attn.qkv' }

/** Frames that a patch is deep, each with a matrix of its own. */
const FRAMES = ['v.patch_embd.weight', 'v.patch_embd.weight.1']

/** Queries, keys and values in one matrix. */
const QKV = /^v\.blk\.(\d{1,4})\.attn_([qkv])\.(weight|bias)$/

/** Names of the MLP: with a gate, or with two matrices, which old files call the wrong way round. */
function mlpNames(file: GgufFile, hidden: number): Record<string, string> {
  const gate = 'v.blk.0.ffn_gate.weight'
  const [out, width] = shapeAt(file, 'v.blk.0.ffn_down.weight', 2)
  const [up, down] = width === hidden && out !== hidden ? ['ffn_down', 'ffn_up'] : ['ffn_up', 'ffn_down']
  if (!file.tensors.has(gate)) return { [up]: 'mlp.fc1', [down]: 'mlp.fc2' }
  return { [up]: 'mlp.up_proj', [down]: 'mlp.down_proj', ffn_gate: 'mlp.gate_proj' }
}

/** Queries, keys and values of a layer, [3 d, d] or [3 d]. */
function joinedQkv(file: GgufFile, layer: string, ending: string): Planned {
  const sources = ['q', 'k', 'v'].map((part) => `v.blk.${layer}.attn_${part}.${ending}`)
  const shapes = sources.map((name) => shapeAt(file, name, ending === 'bias' ? 1 : 2))
  const rows = shapes.reduce((sum, [first]) => sum + first, 0)
  if (shapes.some(([, columns]) => columns !== shapes[0][1]))
    throw ggufError(file, `queries, keys and values of layer ${layer} have other widths`)
  return { file, sources, shape: [rows, ...shapes[0].slice(1)], whole: joinFloats }
}

/** Matrices of two frames, [d, channels, h, w] each -> [d, channels, 2, h, w]. */
function patchEmbedding(file: GgufFile): Planned {
  const [width, channels, height, across] = shapeAt(file, FRAMES[0], 4)
  if (shapeAt(file, FRAMES[1], 4).join() !== [width, channels, height, across].join())
    throw ggufError(file, 'the two matrices for patches have other shapes')
  const area = height * across
  const whole = ([first, second]: readonly Float32Array[]) => {
    const out = new Float32Array(2 * first.length)
    for (let at = 0; at < width * channels; at++) {
      out.set(first.subarray(at * area, (at + 1) * area), 2 * at * area)
      out.set(second.subarray(at * area, (at + 1) * area), (2 * at + 1) * area)
    }
    return out
  }
  return { file, sources: FRAMES, shape: [width, channels, 2, height, across], whole }
}

/** All tensors under their names in the model; `further` has those of one encoder alone. */
export function qwenTensors(
  file: GgufFile,
  hidden: number,
  further: Readonly<Record<string, string>> = {},
): Map<string, Planned> {
  const inLayer = { ...IN_LAYER, ...mlpNames(file, hidden) }
  const table = { prefix: 'visual.', names: { ...NAMES, ...further }, blocks: 'v.blk.', layers: 'blocks.', inLayer }
  const found = planNames(file, table, (name) => FRAMES.includes(name) || QKV.test(name))
  found.set('visual.patch_embed.proj.weight', patchEmbedding(file))
  for (const name of file.tensors.keys()) {
    const [, layer, part, ending] = QKV.exec(name) ?? []
    if (part === 'q') found.set(`visual.blocks.${layer}.attn.qkv.${ending}`, joinedQkv(file, layer, ending))
  }
  return found
}
