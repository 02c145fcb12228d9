/** GGUF files, in which llama.cpp keeps vocabularies and weights. */
import { FoveaError } from '../errors.ts'
import { type GgufHeader, HeadTooShort, parseGgufHeader } from './gguf-header.ts'
import { ggufBytes, ggufValues } from './gguf-types.ts'
import { readRange, withFile } from './read-range.ts'
import { MAX_HEADER_BYTES } from './safetensors-header.ts'

export type { GgufHeader, GgufTensor, GgufValue } from './gguf-header.ts'

export interface GgufFile extends GgufHeader {
  readonly path: string
  /** Bytes of the whole file. */
  readonly size: number
  /** The values of one tensor in single precision, row-major: all, or `count` from `from` on, both in whole blocks. */
  read(name: string, from?: number, count?: number): Promise<Float32Array>
}

const FIRST_BYTES = 2 ** 20

/** A head states no length: more of the file is read until all of it is there. */
async function readHeader(path: string): Promise<GgufHeader & { readonly size: number }> {
  return withFile(path, async (file) => {
    const { size } = await file.stat()
    for (let length = FIRST_BYTES; ; length *= 4) {
      const bytes = await readRange(file, 0, Math.min(size, length, MAX_HEADER_BYTES))
      try {
        return { ...parseGgufHeader(bytes, size, path), size }
      } catch (error) {
        if (!(error instanceof HeadTooShort)) throw error
        if (length >= MAX_HEADER_BYTES)
          throw new FoveaError(
            'checkpoint_invalid',
            'input',
            `${path}: its head has more than ${MAX_HEADER_BYTES} bytes`,
          )
      }
    }
  })
}

/**
 * Opens a file and checks its head completely; values are read on demand, of the forms in `READABLE`.
 * @throws FoveaError kind `input`: `checkpoint_invalid`, `file_missing`, `file_is_directory`, `file_unreadable`;
 *   `read` adds `tensor_missing`, `checkpoint_format` and, when the file shrank meanwhile, `checkpoint_changed`
 */
export async function openGguf(path: string): Promise<GgufFile> {
  const header = await readHeader(path)
  async function read(name: string, from = 0, count?: number): Promise<Float32Array> {
    const tensor = header.tensors.get(name)
    if (!tensor) throw new FoveaError('tensor_missing', 'input', `${path}: there is no tensor "${name}"`)
    const { form, shape, offset } = tensor
    const wanted = count ?? shape.reduce((a, b) => a * b, 1) - from
    const byteLength = ggufBytes(form, wanted)
    const bytes = await withFile(path, (file) => readRange(file, offset + ggufBytes(form, from), byteLength))
    if (bytes.length === byteLength) return ggufValues(form, bytes, wanted)
    const found = `tensor "${name}" has ${bytes.length} of its ${byteLength} bytes`
    throw new FoveaError('checkpoint_changed', 'input', `${path}: the file changed while it was read; ${found}`)
  }
  return { ...header, path, read }
}
