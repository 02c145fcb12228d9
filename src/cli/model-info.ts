/** What can be said of a model before anything large is downloaded or loaded. */
import { FoveaError } from '../errors.ts'
import type { ModelSource } from '../hub/model-source.ts'
import type { DualFamily } from '../models/dual/dual-encoder.ts'
import { type Architecture, type Family, ignoredWeights } from '../models/family.ts'
import { dualFamilyOf, findFamily } from '../models/find-family.ts'
import { parsePreprocessor } from '../models/image-processor.ts'
import { estimateMemory, type MemoryEstimate } from '../models/memory-estimate.ts'

export interface ModelInfo {
  readonly model: string
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
  readonly bytes: number
  readonly memory: MemoryEstimate
}

type Shapes = [string, { readonly dtype: string; readonly shape: readonly number[] }][]

/** Describes a model by its config and the headers of its weights. */
export async function describeSource(model: string, source: ModelSource): Promise<ModelInfo> {
  const config = await readJson(source, 'config.json', model)
  if (!config) throw new FoveaError('config_missing', 'input', `${model}: it holds no config.json, so it is no model`)
  const bound = await bind(model, source, config)
  const tensors = loadedTensors(source, bound)
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)
  const dtypes: Record<string, number> = {}
  for (const [, { dtype, shape }] of tensors) dtypes[dtype] = (dtypes[dtype] ?? 0) + size(shape)
  return {
    model,
    commit: source.commit,
    modelType: typeof config.model_type === 'string' ? config.model_type : undefined,
    family: bound.family?.id,
    problem: bound.problem,
    parameters: Object.values(dtypes).reduce((a, b) => a + b, 0),
    dtypes,
    files: source.files,
    bytes: source.files.reduce((sum, file) => sum + file.size, 0),
    memory: estimateMemory(tensors, bound.architecture?.language),
  }
}

interface Bound {
  readonly family?: Family | DualFamily
  readonly architecture?: Architecture
  readonly problem?: string
}

/** The family that the config asks for, with its architecture where it has a decoder, or what stands against it. */
async function bind(model: string, source: ModelSource, config: Record<string, unknown>): Promise<Bound> {
  try {
    const dual = dualFamilyOf(config)
    dual?.bind(config)
    if (dual) return { family: dual }
    const family = findFamily(config, model)
    const own = await readJson(source, 'preprocessor_config.json', model)
    const processor = own ?? (await readJson(source, 'processor_config.json', model))?.image_processor
    return { family, architecture: family.bind(config, parsePreprocessor(processor, model)) }
  } catch (error) {
    if (error instanceof FoveaError && error.kind === 'input') return { problem: error.message }
    throw error
  }
}

/** The tensors that loading would take; all of them where the family is not known. */
function loadedTensors({ tensors }: ModelSource, { family, architecture }: Bound): Shapes {
  if (!family) return [...tensors]
  const ignored = architecture ? ignoredWeights(architecture) : []
  return [...tensors].flatMap(([stored, entry]) => {
    const name = family.weightName ? family.weightName(stored) : stored
    const isIgnored = name === undefined || ignored.some((prefix) => name.startsWith(prefix))
    return isIgnored ? [] : [[name, entry] as Shapes[number]]
  })
}

async function readJson(
  source: ModelSource,
  name: string,
  model: string,
): Promise<Record<string, unknown> | undefined> {
  const text = await source.readText(name)
  if (text === undefined) return undefined
  try {
    const value = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // said below
  }
  throw new FoveaError('file_invalid', 'input', `${model}: ${name}: truncated, or no JSON object`)
}
