/** GGUF files of true shapes with random weights, for llama.cpp. Layout: github.com/ggml-org/ggml, docs/gguf.md. */
import { type FileHandle, open, rename, stat } from 'node:fs/promises'

export interface TextShape {
  readonly architecture: 'llama' | 'qwen2'
  readonly hidden: number
  readonly inner: number
  readonly layers: number
  readonly heads: number
  readonly keyHeads: number
  readonly vocabulary: number
  readonly ropeBase: number
  readonly epsilon: number
}

export type GgufType = 'F32' | 'F16' | 'Q4_0' | 'Q8_0'

/** Type number, values per block, bytes per block. */
const types: Record<GgufType, readonly [id: number, values: number, bytes: number]> = {
  F32: [0, 1, 4],
  F16: [1, 1, 2],
  Q4_0: [2, 32, 18],
  Q8_0: [8, 32, 34],
}
const fileTypes: Record<GgufType, number> = { F32: 0, F16: 1, Q4_0: 2, Q8_0: 7 }
const ALIGNMENT = 32

interface TensorInfo {
  readonly name: string
  /** Innermost first. */
  readonly shape: readonly number[]
  readonly type: GgufType
}

function tensorsOf(shape: TextShape, type: GgufType): TensorInfo[] {
  const { hidden, inner, layers, heads, keyHeads, vocabulary, architecture } = shape
  const keyWidth = (hidden / heads) * keyHeads
  const matrix = (name: string, from: number, to: number): TensorInfo => ({
    name: `${name}.weight`,
    shape: [from, to],
    type,
  })
  const vector = (name: string, width: number): TensorInfo => ({ name, shape: [width], type: 'F32' })
  const layer = (l: number) => [
    vector(`blk.${l}.attn_norm.weight`, hidden),
    matrix(`blk.${l}.attn_q`, hidden, hidden),
    matrix(`blk.${l}.attn_k`, hidden, keyWidth),
    matrix(`blk.${l}.attn_v`, hidden, keyWidth),
    ...(architecture === 'qwen2'
      ? [
          vector(`blk.${l}.attn_q.bias`, hidden),
          vector(`blk.${l}.attn_k.bias`, keyWidth),
          vector(`blk.${l}.attn_v.bias`, keyWidth),
        ]
      : []),
    matrix(`blk.${l}.attn_output`, hidden, hidden),
    vector(`blk.${l}.ffn_norm.weight`, hidden),
    matrix(`blk.${l}.ffn_gate`, hidden, inner),
    matrix(`blk.${l}.ffn_up`, hidden, inner),
    matrix(`blk.${l}.ffn_down`, inner, hidden),
  ]
  return [
    matrix('token_embd', hidden, vocabulary),
    ...Array.from({ length: layers }, (_, l) => layer(l)).flat(),
    vector('output_norm.weight', hidden),
  ]
}

/** Writes the file unless it is there. The output projection is tied to the embedding, as in both models. */
export async function randomGguf(path: string, shape: TextShape, type: GgufType): Promise<void> {
  if (await stat(path).catch(() => undefined)) return
  const tensors = tensorsOf(shape, type)
  const file = await open(`${path}.part`, 'w')
  try {
    const sizes = tensors.map(byteSize)
    await file.write(header(shape, type, tensors, sizes))
    for (const [at, tensor] of tensors.entries()) await writeTensor(file, tensor, sizes[at])
  } finally {
    await file.close()
  }
  await rename(`${path}.part`, path)
}

const padded = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
const byteSize = ({ shape, type }: TensorInfo): number => {
  const [, values, bytes] = types[type]
  return (shape.reduce((a, b) => a * b, 1) / values) * bytes
}

class Writer {
  readonly parts: Buffer[] = []
  u32(value: number): this {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    return this.add(bytes)
  }
  u64(value: number): this {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(BigInt(value))
    return this.add(bytes)
  }
  f32(value: number): this {
    const bytes = Buffer.alloc(4)
    bytes.writeFloatLE(value)
    return this.add(bytes)
  }
  text(value: string): this {
    return this.u64(Buffer.byteLength(value)).add(Buffer.from(value))
  }
  add(bytes: Buffer): this {
    this.parts.push(bytes)
    return this
  }
}

const valueTypes = { u32: 4, f32: 6, text: 8, array: 9, i32: 5 }

function header(shape: TextShape, type: GgufType, tensors: readonly TensorInfo[], sizes: readonly number[]): Buffer {
  const { architecture: a } = shape
  const numbers: Record<string, number> = {
    [`${a}.block_count`]: shape.layers,
    [`${a}.context_length`]: 8192,
    [`${a}.embedding_length`]: shape.hidden,
    [`${a}.feed_forward_length`]: shape.inner,
    [`${a}.attention.head_count`]: shape.heads,
    [`${a}.attention.head_count_kv`]: shape.keyHeads,
    [`${a}.vocab_size`]: shape.vocabulary,
    'general.file_type': fileTypes[type],
    'general.alignment': ALIGNMENT,
    'tokenizer.ggml.bos_token_id': 1,
    'tokenizer.ggml.eos_token_id': 2,
  }
  const floats = { [`${a}.rope.freq_base`]: shape.ropeBase, [`${a}.attention.layer_norm_rms_epsilon`]: shape.epsilon }
  const texts = { 'general.architecture': a, 'tokenizer.ggml.model': 'llama' }
  const w = new Writer()
  w.add(Buffer.from('GGUF')).u32(3).u64(tensors.length)
  w.u64(Object.keys({ ...numbers, ...floats, ...texts }).length + 3)
  for (const [key, value] of Object.entries(texts)) w.text(key).u32(valueTypes.text).text(value)
  for (const [key, value] of Object.entries(numbers)) w.text(key).u32(valueTypes.u32).u32(value)
  for (const [key, value] of Object.entries(floats)) w.text(key).u32(valueTypes.f32).f32(value)
  writeVocabulary(w, shape.vocabulary)
  let offset = 0
  tensors.forEach(({ name, shape: dims, type: kind }, at) => {
    w.text(name).u32(dims.length)
    for (const dim of dims) w.u64(dim)
    w.u32(types[kind][0]).u64(offset)
    offset += padded(sizes[at])
  })
  const bytes = Buffer.concat(w.parts)
  return Buffer.concat([bytes, Buffer.alloc(padded(bytes.length) - bytes.length)])
}

/** Any vocabulary will do: tokens are fed by their ids. */
function writeVocabulary(w: Writer, count: number): void {
  const ids = Array.from({ length: count }, (_, id) => id)
  const array = (key: string, type: number) => w.text(key).u32(valueTypes.array).u32(type).u64(count)
  array('tokenizer.ggml.tokens', valueTypes.text)
  for (const id of ids) w.text(tokenText(id))
  array('tokenizer.ggml.scores', valueTypes.f32)
  for (const id of ids) w.f32(-id)
  array('tokenizer.ggml.token_type', valueTypes.i32)
  for (const id of ids) w.u32(id === 0 ? UNKNOWN : id < BYTES ? CONTROL : id < BYTES + 256 ? BYTE : NORMAL)
}

const [NORMAL, UNKNOWN, CONTROL, BYTE] = [1, 2, 3, 6]
/** llama.cpp insists on a token for every byte; they follow the three special ones. */
const BYTES = 3

function tokenText(id: number): string {
  if (id < BYTES) return ['<unk>', '<s>', '</s>'][id]
  if (id >= BYTES + 256) return `t${id}`
  return `<0x${(id - BYTES).toString(16).toUpperCase().padStart(2, '0')}>`
}

async function writeTensor(file: FileHandle, { type }: TensorInfo, size: number): Promise<void> {
  const bytes = Buffer.alloc(padded(size))
  if (type === 'F32') new Float32Array(bytes.buffer, bytes.byteOffset, size / 4).fill(1)
  else fillBlocks(bytes.subarray(0, size), type)
  await file.write(bytes)
}

const HALF_0_01 = 0x211f // 0.01 in 16 bits

function fillBlocks(bytes: Buffer, type: 'F16' | 'Q4_0' | 'Q8_0'): void {
  let state = bytes.length >>> 0
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0)
  const [, , block] = types[type]
  if (type === 'F16') {
    // a sign and an exponent that make about +-0.03
    for (let at = 0; at < bytes.length; at += 2)
      bytes.writeUInt16LE(((random() >>> 31) << 15) | 0x2400 | (random() >>> 22), at)
    return
  }
  for (let at = 0; at < bytes.length; at += block) {
    bytes.writeUInt16LE(type === 'Q4_0' ? HALF_0_01 : HALF_0_01 - (4 << 10), at)
    for (let i = 2; i < block; i++) bytes[at + i] = random() >>> 24
  }
}
