import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../checkpoints/atomic.ts'
import { bf16ToF32, f16ToF32 } from '../checkpoints/dtypes.ts'
import { assertFinite } from '../checkpoints/finite.ts'
import { makeFolder } from '../checkpoints/make-folder.ts'
import { openSafetensors, saveSafetensors } from '../checkpoints/safetensors.ts'
import { FoveaError } from '../errors.ts'
import { hashFile } from '../hub/content-hash.ts'
import { bytesOf, f32, type Value } from '../runtime/index.ts'

/** A training state on disk: every weight and optimizer state, and the number of finished steps. */
export interface TrainingState {
  readonly step: number
  readonly values: ReadonlyMap<string, Value>
}

const KEPT = 2
const fileOf = (step: number): string => `step-${String(step).padStart(7, '0')}.safetensors`
const markerOf = (step: number): string => `step-${String(step).padStart(7, '0')}.complete`

/** What the marker of a state says, so that no other state, and no state of another run, is taken for it. */
const markerSchema = z.strictObject({
  step: z.int().nonnegative(),
  /** SHA-256 of the file. */
  sha256: z.string(),
  /** SHA-256 of the settings of the run. */
  settings: z.string(),
})

/**
 * Writes a state beside the older ones; the marker comes last, so a state without one was cut off.
 * @param settings what tells the runs of a folder apart
 * @throws FoveaError `weights_not_finite`
 */
export async function saveState(folder: string, { step, values }: TrainingState, settings = ''): Promise<string> {
  for (const [name, { data }] of values) assertFinite(`the state of step ${step}: ${name}`, data as Float32Array)
  await makeFolder(folder)
  const tensors = [...values].map(
    ([name, value]) => [name, { dtype: 'F32', shape: [...value.dims], data: bytesOf(value.data) }] as const,
  )
  const path = join(folder, fileOf(step))
  const sha256 = await saveSafetensors(path, new Map(tensors), { step: String(step) })
  const marker = JSON.stringify({ step, sha256, settings })
  await writeFileAtomic(join(folder, markerOf(step)), new TextEncoder().encode(`${marker}\n`))
  for (const old of (await completeSteps(folder)).slice(KEPT)) await removeState(folder, old)
  return path
}

/** Finished steps of the complete states in a folder, newest first. */
export async function completeSteps(folder: string): Promise<number[]> {
  const names = new Set(await readdir(folder).catch(() => []))
  const steps = [...names].flatMap((name) => /^step-(\d+)\.complete$/.exec(name)?.[1] ?? []).map(Number)
  return steps.filter((step) => names.has(fileOf(step))).sort((a, b) => b - a)
}

async function removeState(folder: string, step: number): Promise<void> {
  await rm(join(folder, markerOf(step)), { force: true })
  await rm(join(folder, fileOf(step)), { force: true })
}

/** Files that a process left behind when it died while saving: temporary ones and states without a marker. */
async function unfinishedFiles(folder: string): Promise<string[]> {
  const names = new Set(await readdir(folder).catch(() => []))
  const unmarked = (name: string) => names.has(name.replace(/\.safetensors$/, '.complete')) === false
  return [...names]
    .filter((name) => /^\.step-\d+\..*\.tmp$/.test(name) || (/^step-\d+\.safetensors$/.test(name) && unmarked(name)))
    .sort()
}

/** Removes what interrupted writes left behind; only for the process that holds the folder's lock. */
export async function removeUnfinished(folder: string): Promise<void> {
  const others = (await readdir(folder)).filter((name) => /^\..*\.tmp$/.test(name))
  for (const name of [...(await unfinishedFiles(folder)), ...others]) await rm(join(folder, name), { force: true })
}

/** The newest state that is whole and of this run; `skipped` says which files are none, and why. */
export async function newestState(
  folder: string,
  settings = '',
): Promise<{ state: TrainingState | undefined; skipped: string[] }> {
  const skipped = (await unfinishedFiles(folder)).map((name) => `${name}: its save was cut off`)
  for (const step of await completeSteps(folder)) {
    try {
      await assertOwn(folder, step, settings)
      return { state: { step, values: await readValues(join(folder, fileOf(step))) }, skipped }
    } catch (error) {
      if (!(error instanceof FoveaError)) throw error
      skipped.push(`${fileOf(step)}: ${error.message}`)
    }
  }
  return { state: undefined, skipped }
}

const foreign = (message: string): FoveaError => new FoveaError('training_state', 'input', message)

/** Throws FoveaError `training_state` for a state that is not what its marker names. */
async function assertOwn(folder: string, step: number, settings: string): Promise<void> {
  const marker = await readMarker(join(folder, markerOf(step)))
  if (marker?.step !== step) throw foreign('its marker is damaged or of another state')
  if (marker.settings !== settings) throw foreign('it belongs to a run with other settings')
  const path = join(folder, fileOf(step))
  const hash = createHash('sha256')
  await hashFile(hash, path, (await stat(path)).size)
  if (hash.digest('hex') !== marker.sha256) throw foreign('it was damaged after it was saved')
}

async function readMarker(path: string) {
  try {
    return markerSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return undefined
  }
}

/** All tensors of a safetensors file of floats, halves among them. */
export async function readValues(path: string): Promise<Map<string, Value>> {
  const file = await openSafetensors(path)
  const values = new Map<string, Value>()
  for (const [name, { dtype, shape }] of file.tensors) {
    const read = FLOATS[dtype]
    if (!read)
      throw new FoveaError('checkpoint_dtype', 'input', `${path}: "${name}" is ${dtype}; weights that train are floats`)
    values.set(name, f32(shape, read(await file.read(name))))
  }
  return values
}

const halves = ({ buffer, byteOffset, byteLength }: Uint8Array) => new Uint16Array(buffer, byteOffset, byteLength / 2)

const FLOATS: Readonly<Record<string, (bytes: Uint8Array) => Float32Array>> = {
  F32: ({ buffer, byteOffset, byteLength }) => new Float32Array(buffer, byteOffset, byteLength / 4),
  F16: (bytes) => f16ToF32(halves(bytes)),
  BF16: (bytes) => bf16ToF32(halves(bytes)),
}
