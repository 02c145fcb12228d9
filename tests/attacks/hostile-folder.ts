/** A model folder to be damaged: a copy of a tiny checkpoint of tests/fixtures/families. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { SafetensorsFile } from '../../src/checkpoints/safetensors.ts'
import { openSafetensors, saveSafetensors } from '../../src/checkpoints/safetensors.ts'

const fixtures = new URL('../fixtures/families/', import.meta.url).pathname

// biome-ignore lint/suspicious/noExplicitAny: hostile files put any value anywhere.
export type Json = Record<string, any>

/** One abuse of a model folder. */
export interface HostileModel {
  name: string
  /** Of tests/fixtures/families; `llava` if not given. */
  family?: string
  /** The stable code of the error. */
  code: string
  /** What its message says beside the folder. */
  message: string | RegExp
  write: (folder: string) => unknown
}

/** Copies a fixture without what only tests read. */
export function copyFamily(family: string, folder: string): void {
  const kept = (source: string) => basename(source) !== 'expected.json' && !source.endsWith('.png')
  cpSync(join(fixtures, family), folder, { recursive: true, filter: kept })
}

export const imageOf = (family = 'llava'): string => join(fixtures, family, 'image-0.png')

/** Changes a JSON file of the folder in place, or replaces it by what `change` returns. */
export function editJson(folder: string, name: string, change: (json: Json) => unknown): void {
  const path = join(folder, name)
  const json = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify(change(json) ?? json))
}

/** Changes the bytes of the tensors of model.safetensors. */
export async function editTensors(folder: string, change: (name: string, data: Uint8Array) => void): Promise<void> {
  const path = join(folder, 'model.safetensors')
  const file: SafetensorsFile = await openSafetensors(path)
  const tensors = new Map()
  for (const [name, { dtype, shape }] of file.tensors) {
    const data = await file.read(name)
    change(name, data)
    tensors.set(name, { dtype, shape, data })
  }
  await saveSafetensors(path, tensors)
}

/** Replaces a file. */
export const put = (name: string, content: string | Uint8Array) => (folder: string) =>
  writeFileSync(join(folder, name), content)

/** Changes config.json, or a part of it. */
export const config = (fields: Json, part?: string) => (folder: string) =>
  editJson(folder, 'config.json', (json) => void Object.assign(part ? json[part] : json, fields))

/** Changes preprocessor_config.json. */
export const processor = (fields: Json) => (folder: string) =>
  editJson(folder, 'preprocessor_config.json', (json) => void Object.assign(json, fields))

/** Replaces a part of a text file, for what JSON.stringify would not write. */
export function editText(folder: string, name: string, from: string, to: string): void {
  const path = join(folder, name)
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to))
}
