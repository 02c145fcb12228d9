/**
 * What a method adds to a model or replaces in it, as a folder: `adapter.safetensors`, the weights in half precision, and
 * `adapter.json`, which says whose they are. That is written last, and names the weights by their hash.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { FoveaError } from '../errors.ts'
import type { Value } from '../runtime/index.ts'
import type { DType } from '../tensor/index.ts'
import { readModelFile } from '../text/model-file.ts'
import { writeFileAtomic } from './atomic.ts'
import { saveHalves } from './halves.ts'
import { removeLeftovers } from './leftovers.ts'
import { makeFolder } from './make-folder.ts'
import { parseSafetensorsHeader, type TensorEntry } from './safetensors.ts'
import type { TableEntry } from './weight-table.ts'

export const ADAPTER_CARD = 'adapter.json'
export const ADAPTER_WEIGHTS = 'adapter.safetensors'

/** Raised when older readers could not read what is written. */
const FORMAT = 1

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const cardSchema = z.object({
  format: z.literal(FORMAT),
  /** Id of the method. */
  id: z.string().min(1),
  /** SHA-256 of the config and the weights that it was trained on. */
  base: hash,
  /** Options of the method that the weights are bound to. */
  options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** SHA-256 of adapter.safetensors. */
  sha256: hash,
  /** SHA-256 of all that stands above, so that a changed option is not taken for the one that was trained. */
  settings: hash.optional(),
})

export type AdapterCard = z.output<typeof cardSchema>

/** An adapter in memory. */
export interface StoredAdapter {
  readonly card: AdapterCard
  readonly entries: ReadonlyMap<string, TableEntry>
  /** Content of adapter.safetensors. */
  readonly bytes: Uint8Array
}

const invalid = (message: string, cause?: unknown): FoveaError =>
  new FoveaError('adapter_invalid', 'input', message, { cause })

/**
 * The card of an adapter; undefined where a folder is not there.
 * @throws FoveaError `adapter_invalid` for a folder that is no adapter, or was not written to its end
 */
export async function readAdapterCard(folder: string): Promise<AdapterCard | undefined> {
  const text = await readModelFile(folder, ADAPTER_CARD).catch((cause: Error) => {
    throw invalid(cause.message, cause)
  })
  if (text === undefined) {
    const names = await readdir(folder).catch(() => undefined)
    if (!names) return undefined
    const isCut = names.includes(ADAPTER_WEIGHTS)
    throw invalid(`${folder}: it lacks ${ADAPTER_CARD}${isCut ? '; its writing was cut off: train it again' : ''}`)
  }
  return parseCard(text, join(folder, ADAPTER_CARD))
}

function parseCard(text: string, path: string): AdapterCard {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw invalid(`${path}: truncated or not JSON`, cause)
  }
  const { success, data, error } = cardSchema.safeParse(json)
  if (success && data.settings !== undefined && data.settings !== settingsDigest(data))
    throw invalid(`${path}: it was changed after the training; take it from where it came, or train it again`)
  if (success) return data
  const [{ path: field, message }] = error.issues
  throw invalid(`${path}: ${field.join('.') || 'the whole'}: ${message}`)
}

/** What a card says but for this digest itself, in one order. */
function settingsDigest({ format, id, base, options, sha256 }: Omit<AdapterCard, 'settings'>): string {
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))
  return digestOf(new TextEncoder().encode(JSON.stringify([format, id, base, sorted, sha256])))
}

/** Reads the weights that a card names. Throws FoveaError `adapter_invalid`. */
export async function openAdapter(folder: string, card: AdapterCard): Promise<StoredAdapter> {
  const path = join(folder, ADAPTER_WEIGHTS)
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) throw invalid(`${folder}: it lacks ${ADAPTER_WEIGHTS}`)
  const bytes = new Uint8Array(await readFile(path))
  if (digestOf(bytes) !== card.sha256)
    throw invalid(`${path}: it is not the file that ${ADAPTER_CARD} names; one of the two was cut off or exchanged`)
  const entries = [...headerOf(bytes, path).tensors].map(([name, entry]) => [name, entryOf(path, name, entry)] as const)
  return { card, bytes, entries: new Map(entries) }
}

function headerOf(bytes: Uint8Array, path: string) {
  try {
    return parseSafetensorsHeader(bytes, bytes.length, path)
  } catch (cause) {
    throw invalid((cause as Error).message, cause)
  }
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function entryOf(path: string, name: string, { dtype, shape, offset, byteLength }: TensorEntry): TableEntry {
  if (dtype !== 'F16' && dtype !== 'BF16' && dtype !== 'F32')
    throw invalid(`${path}: ${name} is ${dtype}; only f32, f16 and bf16 can be loaded`)
  return { dtype: dtype.toLowerCase() as DType, shape, file: ADAPTER_WEIGHTS, offset, byteLength }
}

/**
 * Writes an adapter in half precision; what was there before is replaced.
 * @throws FoveaError `weights_not_finite` for what half precision cannot hold, too, and those of `writeFileAtomic`
 */
export async function saveAdapter(
  folder: string,
  about: Pick<AdapterCard, 'id' | 'base' | 'options'>,
  values: ReadonlyMap<string, Value>,
): Promise<void> {
  await makeFolder(folder)
  await removeLeftovers(folder)
  const path = join(folder, ADAPTER_WEIGHTS)
  const sha256 = await saveHalves(path, values, { method: about.id })
  const stated = { format: FORMAT, ...about, sha256 } as const
  const card: AdapterCard = { ...stated, settings: settingsDigest(stated) }
  await writeFileAtomic(join(folder, ADAPTER_CARD), new TextEncoder().encode(`${JSON.stringify(card, null, 2)}\n`))
}
