/** What can be said of a model before anything large is downloaded or loaded. */
import { FoveaError } from '../errors.ts'
import type { ModelSource } from '../hub/model-source.ts'
import { dualFamilyOf } from '../models/find-family.ts'
import type { MemoryEstimate } from '../pipeline/precision-report.ts'
import { estimateEmbedder, estimatePrecisions } from '../quantization/estimate.ts'
import { type DescribedEmbedder, type DescribedModel, readConfig, readEmbedder, readModel } from './node-read-model.ts'

export interface ModelInfo {
  readonly model: string
  /** Of a model of the hub. */
  readonly commit?: string
  readonly modelType?: string
  /** The file of `src/models/vlm/` or `src/models/dual/` that reads it; absent where fovea cannot load it. */
  readonly family?: string
  /** Why fovea cannot load it. */
  readonly problem?: string
  readonly parameters: number
  /** Parameters of each stored dtype. */
  readonly dtypes: Readonly<Record<string, number>>
  readonly files: readonly { readonly name: string; readonly size: number }[]
  /** Of all files. */
  readonly bytes: number
  /** What it takes once loaded, for each precision that it can be loaded in; empty where fovea cannot load it. */
  readonly memory: readonly MemoryEstimate[]
}

/**
 * Describes a model by its config and the headers of its weights, read as loading reads them.
 * @throws FoveaError `config_missing`, and those of the source; what only stands against loading is the `problem`
 */
export async function describeSource(source: ModelSource): Promise<ModelInfo> {
  const config = await readConfig(source)
  const tensors = await source.tensors()
  const { read, problem } = await attempt(source, config)
  const entries = read ? [...read.stored.entries.values()] : [...tensors.values()]
  const dtypes: Record<string, number> = {}
  for (const [dtype, numbers] of distinct(entries)) dtypes[dtype] = (dtypes[dtype] ?? 0) + numbers
  return {
    model: source.name,
    commit: source.commit,
    modelType: typeof config.model_type === 'string' ? config.model_type : undefined,
    family: read?.family.id,
    problem,
    parameters: Object.values(dtypes).reduce((a, b) => a + b, 0),
    dtypes,
    files: source.files,
    bytes: source.files.reduce((sum, file) => sum + file.size, 0),
    memory: read ? memoryOf(read) : [],
  }
}

interface Attempt {
  readonly read?: DescribedModel | DescribedEmbedder
  readonly problem?: string
}

async function attempt(source: ModelSource, config: Record<string, unknown>): Promise<Attempt> {
  try {
    return { read: dualFamilyOf(config) ? await readEmbedder(source) : await readModel(source) }
  } catch (error) {
    if (error instanceof FoveaError && error.kind === 'input') return { problem: error.message }
    throw error
  }
}

const memoryOf = (read: DescribedModel | DescribedEmbedder): readonly MemoryEstimate[] =>
  'architecture' in read
    ? estimatePrecisions(read.architecture, read.stored.entries)
    : [estimateEmbedder(read.stored.entries)]

interface Placed {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly file: string
  readonly offset: number
}

/** Dtype and numbers of each weight; one that stands for another's, too, counts once. */
function distinct(entries: readonly Placed[]): Iterable<readonly [string, number]> {
  const numbers = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)
  const sized = entries.map(
    ({ dtype, shape, file, offset }) => [`${file} ${offset} ${shape}`, [dtype.toUpperCase(), numbers(shape)]] as const,
  )
  return new Map(sized).values()
}
