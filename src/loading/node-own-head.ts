/** Output layers that a checkpoint holds although its config.json says that the embeddings are the output layer. */
import { type FileHandle, open } from 'node:fs/promises'
import type { CheckpointTensor } from '../checkpoints/open-checkpoint.ts'
import type { Architecture, Family } from '../models/family.ts'

type Config = Record<string, unknown>

/**
 * The architecture as the weights have it: where the config ties the output layer to the embeddings and the checkpoint
 * holds one of other values, that one counts, as in transformers; a copy of the embeddings is not needed.
 */
export async function withOwnHead(
  bound: Architecture,
  tensors: ReadonlyMap<string, CheckpointTensor>,
  { weightName = (name) => name }: Pick<Family, 'weightName'>,
  rebind: (config: Config) => Architecture,
  config: Config,
): Promise<Architecture> {
  const head = bound.language.ignored.find((name) => name.endsWith('lm_head.'))
  if (head === undefined) return bound
  const below = head.slice(0, -'lm_head.'.length)
  const entries = [...tensors].map(([stored, tensor]) => [weightName(stored), tensor] as const)
  const own = entries.find(([name]) => name === `${head}weight`)?.[1]
  const table = entries.find(([name]) => name?.startsWith(below) && name.endsWith('embed_tokens.weight'))?.[1]
  return own && table && !(await isCopy(own, table)) ? rebind(untied(config)) : bound
}

const untied = (config: Config): Config => ({
  ...config,
  tie_word_embeddings: false,
  ...(config.text_config ? { text_config: { ...config.text_config, tie_word_embeddings: false } } : {}),
})

const CHUNK_BYTES = 2 ** 22

/** Whether two tensors hold the same bytes; reads no further than to the first chunk that differs. */
async function isCopy(a: CheckpointTensor, b: CheckpointTensor): Promise<boolean> {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false
  const files = await Promise.all([open(a.file), open(b.file)])
  try {
    for (let start = 0; start < a.byteLength; start += CHUNK_BYTES) {
      const length = Math.min(CHUNK_BYTES, a.byteLength - start)
      const [one, other] = await Promise.all([a, b].map(({ offset }, at) => chunk(files[at], offset + start, length)))
      if (!one.equals(other)) return false
    }
    return true
  } finally {
    await Promise.all(files.map((file) => file.close()))
  }
}

async function chunk(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}
