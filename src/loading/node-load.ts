import { join } from 'node:path'
import { weightTable } from '../checkpoints/weight-table.ts'
import { FoveaError } from '../errors.ts'
import { localSource } from '../hub/model-source.ts'
import { type DownloadProgress, resolveModel } from '../hub/resolve.ts'
import type { ImageInput } from '../media/image.ts'
import type { Architecture } from '../models/family.ts'
import { findFamily } from '../models/find-family.ts'
import type { PromptForm } from '../models/views/prompt-form.ts'
import { Model } from '../pipeline/model.ts'
import { plainTemplate } from '../pipeline/talk/plain-prompt.ts'
import { type Candidate, choosePrecision, type PrecisionOptions } from '../quantization/node-precision.ts'
import type { Device } from '../runtime/index.ts'
import { NodeBackend } from '../runtime/node/backend.ts'
import { type ChatTemplate, createChatTemplate } from '../text/chat-template.ts'
import { endOfText, generationDefaults } from '../text/generation-config.ts'
import { loadChatTemplate } from '../text/load-chat-template.ts'
import { loadTokenizer } from '../text/load-tokenizer.ts'
import { readModelJson } from '../text/model-file.ts'
import type { Tokenizer } from '../text/tokenizer.ts'
import { meansGguf } from './gguf/node-names.ts'
import { nodeAdapters } from './node-adapters.ts'
import { readModel } from './node-read-model.ts'
import { orAbort } from './or-abort.ts'

export interface LoadOptions extends PrecisionOptions {
  readonly device?: Device
  readonly threads?: number
  /** A branch, a tag or a commit of a model on the hub; default `main`. */
  readonly revision?: string
  /** Ends the loading at once, with its reason; what has come of a download is kept, and the next call goes on from there. */
  readonly signal?: AbortSignal
  /** Told about a download while it goes on. */
  readonly onProgress?: (progress: DownloadProgress) => void
  /** The GGUF file of the vision side, for a model in a `.gguf`; the one beside it where it is not given. */
  readonly mmproj?: string
  /** Called before the weights of GGUF files are converted, once: the result is kept in the cache. */
  readonly onConvert?: () => void
}

/** The folder of a model in Hugging Face form: its own, that of the cache, or what is made of GGUF files. */
async function folderOf(name: string, options: LoadOptions): Promise<string> {
  const { revision, signal, onProgress, mmproj } = options
  if (await meansGguf(name)) {
    if (revision !== undefined) throw misplaced(name, 'is on this machine; only models of the hub have revisions')
    const { ggufFolder } = await import('./gguf/node-folder.ts')
    return ggufFolder(name, options, readModel)
  }
  if (mmproj !== undefined) throw misplaced(name, 'is no .gguf file; only with those goes an mmproj')
  const checkConfig = (config: Record<string, unknown>) => findFamily(config, name)
  return resolveModel(name, { revision, signal, onProgress, checkConfig })
}

const misplaced = (name: string, problem: string): FoveaError =>
  new FoveaError('options_conflict', 'usage', `${name} ${problem}`)

/**
 * Loads a model in Hugging Face form: config, tokenizer, chat template, processor, safetensors; or one in GGUF.
 * @param name a folder, a `.gguf` file, or `org/name` (`org/name@revision`) of the hub, which is downloaded where the cache
 *   lacks it
 */
export function loadModel(name: string, options: LoadOptions = {}): Promise<Model> {
  const load = async () => {
    const candidate = await openCandidate(name, options)
    const chosen = await choosePrecision(candidate, options)
    return new Model({ ...candidate.parts, ...chosen }, candidate.makeBackend())
  }
  return orAbort(options.signal, load, (model) => model.dispose())
}

/** A model with everything read but its weights. */
export async function openCandidate(
  name: string,
  options: Omit<LoadOptions, keyof PrecisionOptions>,
): Promise<Candidate> {
  const { device = 'cpu', threads, signal } = options
  const folder = await folderOf(name, options)
  signal?.throwIfAborted()
  const { config, family, preprocessor, stored, ...read } = await readModel(await localSource(folder))
  const { vision, prompt } = read.architecture
  const { question } = vision
  const [tokenizer, questionTokenizer, template, generation] = await Promise.all([
    loadTokenizer(folder),
    question && loadTokenizer(join(folder, question.tokenizer)),
    templateOf(folder, prompt),
    readModelJson(folder, 'generation_config.json').then((file) => file ?? {}),
  ])
  const architecture = withImageToken(read.architecture, tokenizer, folder)
  const parts = {
    name,
    architecture,
    preprocessor,
    tokenizer,
    questionTokenizer,
    template,
    ...endOfText({ generation, config, tokenizer }),
    generation: generationDefaults(generation),
    weights: weightTable(stored.entries, stored.files, threads),
    readImage: async (image: ImageInput) => (await import('../media/read-image.ts')).readImage(image),
    adapters: nodeAdapters({ name, folder, config, files: Object.values(stored.files), weightName: family.weightName }),
  }
  return { parts, stored, identity: [family.id, JSON.stringify(config)], makeBackend: () => new NodeBackend(device) }
}

/** The family's own, or that of the folder. */
async function templateOf(folder: string, prompt: PromptForm): Promise<ChatTemplate> {
  if (prompt.template !== undefined) return createChatTemplate(prompt.template)
  return loadChatTemplate(folder).catch((error) => missingTemplate(error, prompt))
}

/** With the id that the tokenizer has for an image token that config.json does not name. Throws FoveaError `tokenizer_invalid`. */
function withImageToken(architecture: Architecture, { tokenToId }: Tokenizer, folder: string): Architecture {
  const { prompt } = architecture
  if (prompt.imageTokenText === undefined) return architecture
  const imageToken = tokenToId(prompt.imageTokenText)
  if (imageToken !== undefined) return { ...architecture, prompt: { ...prompt, imageToken } }
  const message = `${folder}: the tokenizer has no token ${prompt.imageTokenText}, which stands for images`
  throw new FoveaError('tokenizer_invalid', 'input', message)
}

/** A model without a chat template still takes raw prompts; what it lacks is said where it is first needed. */
function missingTemplate(error: unknown, { imagesFirst }: PromptForm): ChatTemplate {
  if (!(error instanceof FoveaError) || error.code !== 'template_missing') throw error
  if (imagesFirst) return plainTemplate
  return {
    render: () => {
      throw error
    },
  }
}
