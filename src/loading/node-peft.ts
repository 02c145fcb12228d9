/** LoRA adapters of the hub, in PEFT's form, as weights of the method `lora`. */
import { join } from 'node:path'
import { PEFT_CONFIG, PEFT_WEIGHTS, type PeftAdapter, readPeftFolder } from '../checkpoints/peft-folder.ts'
import type { TensorEntry } from '../checkpoints/safetensors.ts'
import type { TableEntry } from '../checkpoints/weight-table.ts'
import { FoveaError } from '../errors.ts'
import type { Adapter } from '../pipeline/method/adapter.ts'
import type { DType } from '../tensor/index.ts'
import { type AdapterBase, foldersNamed } from './node-adapter-base.ts'

/** The method whose equation they are. */
const METHOD = 'lora'

/**
 * The adapter that a folder holds in PEFT's form; undefined where it holds none. Which base it was made for, PEFT says by
 * name only: that it fits is told by names and shapes of its layers.
 * @throws FoveaError `adapter_mismatch` for another method than `lora`; those of `readPeftFolder`
 */
export async function peftAdapter(weights: string, id: string, base: AdapterBase): Promise<Adapter | undefined> {
  for (const folder of await foldersNamed(weights)) {
    const found = await readPeftFolder(folder)
    if (!found) continue
    if (id === METHOD) return adapterOf(folder, found, base)
    const message = `${folder}: ${PEFT_CONFIG} says that these are weights of ${METHOD}, not of ${id}`
    throw new FoveaError('adapter_mismatch', 'input', message)
  }
  return undefined
}

function adapterOf(folder: string, { rank, alpha, pairs, bytes, sha256 }: PeftAdapter, base: AdapterBase): Adapter {
  const entries = new Map<string, TableEntry>()
  const targets = new Set<string>()
  for (const [module, { A, B }] of pairs) {
    const layer = layerOf(folder, module, base)
    targets.add(layer.slice(layer.lastIndexOf('.') + 1))
    entries.set(`method.${METHOD}.${layer}.lora_A.weight`, entryOf(folder, module, A))
    entries.set(`method.${METHOD}.${layer}.lora_B.weight`, entryOf(folder, module, B))
  }
  const options = { rank, alpha, targets: [...targets].sort().join('/') }
  return { name: folder, entries, files: { [PEFT_WEIGHTS]: bytes }, hash: sha256, options, settles: true }
}

/** What a module of the checkpoint is called in programs. */
function layerOf(folder: string, module: string, { name, weightName = (stored) => stored }: AdapterBase): string {
  const weight = weightName(`${module}.weight`)
  if (weight?.endsWith('.weight')) return weight.slice(0, -'.weight'.length)
  throw new FoveaError('adapter_unused', 'input', `${folder}: ${module} is no layer of ${name}`)
}

function entryOf(folder: string, module: string, { dtype, shape, offset, byteLength }: TensorEntry): TableEntry {
  if (dtype === 'F32' || dtype === 'F16' || dtype === 'BF16')
    return { dtype: dtype.toLowerCase() as DType, shape, file: PEFT_WEIGHTS, offset, byteLength }
  const message = `${join(folder, PEFT_WEIGHTS)}: ${module} is ${dtype}; only f32, f16 and bf16 can be loaded`
  throw new FoveaError('adapter_invalid', 'input', message)
}
