/** Checkpoints of true shapes with random weights: speed does not depend on the values. */
import { copyFile, mkdir, open, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Family } from '../../src/models/family.ts'
import { parsePreprocessor } from '../../src/models/image-processor.ts'
import { requiredWeights } from '../../src/pipeline/check-weights.ts'

const home = fileURLToPath(new URL('../../', import.meta.url))

export interface ShapedModel {
  readonly name: string
  readonly family: Family
  /** Folder in this repository whose tokenizer and chat template are used. */
  readonly tokenizer: string
  /** config.json */
  readonly config: Record<string, unknown>
  /** preprocessor_config.json */
  readonly processor: Record<string, unknown>
}

/** Writes the model folder under `root` unless it is there; returns its path. Weights are bf16, about +-0.03. */
export async function randomCheckpoint(
  { name, family, tokenizer, config, processor }: ShapedModel,
  root: string,
): Promise<string> {
  const folder = join(root, name)
  if (await stat(join(folder, 'model.safetensors')).catch(() => undefined)) return folder
  await mkdir(folder, { recursive: true })
  for (const file of ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'chat_template.jinja'])
    await copyFile(join(home, tokenizer, file), join(folder, file))
  await writeFile(join(folder, 'config.json'), JSON.stringify(config, null, 2))
  await writeFile(join(folder, 'preprocessor_config.json'), JSON.stringify(processor, null, 2))
  await writeWeights(
    join(folder, 'model.safetensors'),
    requiredWeights(family.bind(config, parsePreprocessor(processor, name))),
  )
  return folder
}

async function writeWeights(path: string, shapes: ReadonlyMap<string, readonly number[]>): Promise<void> {
  let offset = 0
  const entries = [...shapes].map(([name, shape]) => {
    const bytes = 2 * shape.reduce((a, b) => a * b, 1)
    const entry = { dtype: 'BF16', shape, data_offsets: [offset, (offset += bytes)] }
    return [name, entry] as const
  })
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ')
  header.writeBigUInt64LE(BigInt(header.length - 8))
  json.copy(header, 8)
  const file = await open(`${path}.part`, 'w')
  try {
    await file.write(header)
    for (const [name, { data_offsets, shape }] of entries) await file.write(randomBf16(name, data_offsets, shape))
  } finally {
    await file.close()
  }
  await rename(`${path}.part`, path)
}

/** Norms are 1; everything else is spread around 0 so that states neither vanish nor explode. */
function randomBf16(name: string, [from, to]: number[], shape: readonly number[]): Uint8Array {
  const halves = new Uint16Array((to - from) / 2)
  if (shape.length === 1 && /norm|layernorm/.test(name) && name.endsWith('weight'))
    return new Uint8Array(halves.fill(0x3f80).buffer)
  let state = (from / 2 + 12345) >>> 0
  const single = new Float32Array(1)
  const bits = new Uint32Array(single.buffer)
  for (let i = 0; i < halves.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    single[0] = (state / 2 ** 32 - 0.5) * 0.06
    halves[i] = bits[0] >>> 16
  }
  return new Uint8Array(halves.buffer)
}
