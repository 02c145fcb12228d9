/** Tensors of a model in Hugging Face form, each made of one or more tensors of GGUF files. */
import { f32ToBf16, f32ToF16 } from '../../checkpoints/dtypes.ts'
import type { GgufFile } from '../../checkpoints/gguf.ts'
import { READABLE } from '../../checkpoints/gguf-types.ts'
import type { TensorStream } from '../../checkpoints/safetensors.ts'
import { quoteName } from '../../checkpoints/safetensors-header.ts'
import { FoveaError } from '../../errors.ts'
import { unreadGguf } from './metadata.ts'

export interface Planned {
  readonly file: GgufFile
  /** Tensors of the file. */
  readonly sources: readonly string[]
  readonly shape: readonly number[]
  /** All values from those of all sources; absent: they are those of the one source. */
  readonly whole?: (values: readonly Float32Array[]) => Float32Array
  /** Added to each value. */
  readonly shift?: number
}

type Stored = 'F32' | 'F16' | 'BF16'

/** Values that are read at a time: whole blocks of every form. */
const CHUNK = 2 ** 22

const encoders: Readonly<Record<Stored, (values: Float32Array) => ArrayBufferView>> = {
  F32: (values) => values,
  F16: f32ToF16,
  BF16: f32ToBf16,
}

/** As it is stored; quantized values lie within what 16 bits can hold. */
function dtypeOf({ file, sources, shift }: Planned): Stored {
  const forms = sources.map((name) => file.tensors.get(name)!.form)
  for (const form of forms)
    if (!READABLE.includes(form))
      throw unreadGguf(
        file,
        `tensors of form ${form} (${quoteName(sources[0])}) are not read; ${READABLE.join(', ')} are`,
      )
  if (shift !== undefined || forms.includes('F32')) return 'F32'
  if (forms.every((form) => form === 'BF16')) return 'BF16'
  return forms.includes('BF16') ? 'F32' : 'F16'
}

async function* valuesOf({ file, sources, shape, whole, shift }: Planned): AsyncGenerator<Float32Array> {
  if (whole) {
    yield whole(await Promise.all(sources.map((name) => file.read(name))))
    return
  }
  const count = shape.reduce((a, b) => a * b, 1)
  for (let from = 0; from < count; from += CHUNK) {
    const values = await file.read(sources[0], from, Math.min(CHUNK, count - from))
    if (shift !== undefined) for (let at = 0; at < values.length; at++) values[at] += shift
    yield values
  }
}

/** Throws FoveaError `weights_invalid` for what is no number, or too large for 16 bits. */
function assertFinite(values: Float32Array, dtype: Stored, { file, sources }: Planned): void {
  const limit = dtype === 'F16' ? 65_504 : Number.MAX_VALUE
  for (let at = 0; at < values.length; at++)
    if (!(Math.abs(values[at]) <= limit)) {
      const message = `${file.path}: the tensor ${quoteName(sources[0])} holds ${values[at]}; the file is damaged, fetch it again`
      throw new FoveaError('weights_invalid', 'input', message)
    }
}

/** What a safetensors file takes. Throws FoveaError `checkpoint_format` for a form that is not read. */
export function streamOf(planned: Planned, signal?: AbortSignal): TensorStream {
  const dtype = dtypeOf(planned)
  async function* chunks() {
    for await (const values of valuesOf(planned)) {
      signal?.throwIfAborted()
      assertFinite(values, dtype, planned)
      const { buffer, byteOffset, byteLength } = encoders[dtype](values)
      yield new Uint8Array(buffer, byteOffset, byteLength)
    }
  }
  return { dtype, shape: [...planned.shape], chunks }
}
