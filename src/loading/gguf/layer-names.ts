/** Names of tensors in GGUF files (gguf-py/gguf/constants.py of llama.cpp) and those of Hugging Face for them. */
import type { GgufFile } from '../../checkpoints/gguf.ts'
import { quoteName } from '../../checkpoints/safetensors-header.ts'
import { unreadGguf } from './metadata.ts'
import type { Planned } from './planned.ts'

export interface NameTable {
  /** What stands before the names that are made. */
  readonly prefix: string
  /** Names without their ending `.weight` or `.bias`. */
  readonly names: Readonly<Record<string, string>>
  /** Names in a layer; `blocks` begins those of a layer in the file, `layers` those that are made. */
  readonly blocks: string
  readonly layers: string
  readonly inLayer: Readonly<Record<string, string>>
}

const PARTS = /^(.*?)(\.weight|\.bias)?$/s

/** The name that a tensor of a file has in the model, or undefined where none is known. */
export function nameIn({ prefix, names, blocks, layers, inLayer }: NameTable, stored: string): string | undefined {
  const [, stem, ending = ''] = PARTS.exec(stored)!
  if (Object.hasOwn(names, stem)) return `${prefix}${names[stem]}${ending}`
  const [, index, rest] = /^(\d{1,4})\.(.+)$/s.exec(stem.startsWith(blocks) ? stem.slice(blocks.length) : '') ?? []
  if (rest === undefined || !Object.hasOwn(inLayer, rest)) return undefined
  return `${prefix}${layers}${index}.${inLayer[rest]}${ending}`
}

/**
 * Every tensor of a file under its name in the model. Throws FoveaError `checkpoint_format` for one that has no place.
 * @param skipped whether a tensor is read otherwise or needed by nothing
 */
export function planNames(
  file: GgufFile,
  table: NameTable,
  skipped: (name: string) => boolean,
  made: (name: string) => Partial<Planned> = () => ({}),
): Map<string, Planned> {
  const found = new Map<string, Planned>()
  for (const [stored, { shape }] of file.tensors) {
    if (skipped(stored)) continue
    const name = nameIn(table, stored)
    if (name === undefined) throw unreadGguf(file, `nothing is known to take the tensor ${quoteName(stored)}`)
    found.set(name, { file, sources: [stored], shape, ...made(stored) })
  }
  return found
}
