/** Checkpoints of true shapes with random weights: speed does not depend on the values. */
import { copyFile, mkdir, open, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parsePreprocessor } from '../../src/models/views/image-processor.ts'
import { requiredWeights } from '../../src/pipeline/flow/trace-model.ts'
import type { ShapedModel } from './compared.ts'
import { bf16Pool, copyFromPool } from './random-pool.ts'

const home = fileURLToPath(new URL('../../', import.meta.url))

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

let pool: Uint8Array | undefined

/** Norms are 1; everything else is spread around 0 so that states neither vanish nor explode. */
function randomBf16(name: string, [from, to]: number[], shape: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(to - from)
  if (shape.length === 1 && /norm|layernorm/.test(name) && name.endsWith('weight'))
    new Uint16Array(bytes.buffer).fill(0x3f80)
  else copyFromPool(bytes, (pool ??= bf16Pool(0.03)), from, 2)
  return bytes
}
