/** The options that every command with a model shares, and what they mean. */
import { stat } from 'node:fs/promises'
import { Option, type Command as Program } from 'commander'
import { FoveaError } from '../errors.ts'
import { loadModel } from '../evaluation/load-model.ts'
import { DEFAULT_MODEL, modelPath } from '../hub/package-root.ts'
import type { Method } from '../pipeline/method/method.ts'
import type { Model } from '../pipeline/model.ts'
import type { ModelParts } from '../pipeline/parts.ts'
import { type Precision, precisionLine } from '../pipeline/precision-report.ts'
import { SPECULATIONS, type Speculation } from '../pipeline/talk/lookup.ts'
import type { Device } from '../runtime/index.ts'
import { withDefaults } from '../text/generation-config.ts'
import { downloadView } from './download-view.ts'
import { integer, number } from './parsers.ts'
import { quantizeView } from './quantize-view.ts'
import { note } from './terminal.ts'

export interface ModelOptions {
  model: string
  mmproj?: string
  device: Device
  dtype?: Precision | 'auto'
  json?: boolean
  quiet?: boolean
}

export interface SamplingFlags {
  maxTokens?: number
  temperature?: number
  topP?: number
  topK?: number
  repetitionPenalty?: number
  seed: number
  speculate?: Speculation
}

export const withDtypeOption = (program: Program): Program =>
  program.addOption(
    new Option('--dtype <dtype>', 'what linear layers compute with (fp32 if not given)').choices([
      'auto',
      'fp32',
      'int8',
      'int4',
    ]),
  )

export const withDeviceOption = (program: Program): Program =>
  program.addOption(new Option('--device <device>', 'what computes').choices(['cpu', 'cuda', 'webgpu']).default('cpu'))

export const withMmprojOption = (program: Program): Program =>
  program.option(
    '--mmproj <file>',
    'the vision side of a model in a .gguf file (if not given: the mmproj-*.gguf that lies beside it)',
  )

export const withModelOptions = (program: Program): Program =>
  withDeviceOption(
    withMmprojOption(
      withDtypeOption(program).option(
        '--model <name>',
        'a folder, a .gguf file, org/name or org/name@revision of the Hugging Face hub, or "mini", which comes with fovea',
        DEFAULT_MODEL,
      ),
    ),
  )

/** Of models that do not say. */
const MAX_TOKENS = 128

export const withSamplingOptions = (program: Program): Program =>
  program
    .option(
      '--max-tokens <count>',
      "longest answer (if not given: the model's own if it samples, else 128)",
      integer(1),
    )
    .option(
      '--temperature <number>',
      '0 always takes the most likely token (if not given: as generation_config.json says, else 0)',
      number(0),
    )
    .option(
      '--top-p <share>',
      'choose among the most likely tokens that have this share of all probability',
      number(Number.MIN_VALUE, 1),
    )
    .option('--top-k <count>', 'choose among so many tokens, the most likely ones', integer(1))
    .option(
      '--repetition-penalty <number>',
      'above 1: makes tokens that were there before less likely',
      number(Number.MIN_VALUE),
    )
    .option('--seed <number>', 'of the choices at a temperature above 0', integer(), 0)

/** For commands that answer in words. */
export const withSpeculateOption = (program: Program): Program =>
  program.addOption(
    new Option(
      '--speculate <kind>',
      'guess what follows from words that were there before, and read guesses in one pass: the same answer, sooner where it repeats its prompt or itself',
    ).choices(SPECULATIONS),
  )

/**
 * How answers are made: what the command line says, then what the model's generation_config.json says. Throws FoveaError
 * `options_conflict` for flags that would do nothing.
 */
export function samplingOf(flags: SamplingFlags, { generation = {} }: ModelParts) {
  const { maxTokens, temperature, topP, topK, repetitionPenalty, seed, speculate } = flags
  const chosen = withDefaults({ maxTokens, temperature, topP, topK, repetitionPenalty }, generation)
  const needless = topP !== undefined ? '--top-p' : topK !== undefined ? '--top-k' : undefined
  if (needless && !chosen.temperature) {
    const message = `${needless} chooses among tokens at a temperature above 0; give --temperature, too`
    throw new FoveaError('options_conflict', 'usage', message)
  }
  return { ...chosen, maxTokens: chosen.maxTokens ?? MAX_TOKENS, seed, ...(speculate && { speculate }) }
}

/** A repeatable method option; several methods run one after another. */
export const withMethodOption = (program: Program): Program =>
  program.option(
    '--method <method>',
    'how to spend fewer visual tokens, such as fastv:layer=2,keep=.5; several are joined with + or given in order; a share ' +
      'of tokens is at least one of them, unless it is 0',
    (text: string, before: string[]) => [...before, text],
    [],
  )

/** The method that a command line names; its file is read only if there is one. */
export async function methodOf(texts: readonly string[]): Promise<Method | undefined> {
  if (texts.length === 0) return undefined
  const { parseMethod } = await import('../papers/methods.ts')
  return parseMethod(texts.join('+'))
}

/** The folder that `--model` means, which is no model of the hub. Throws FoveaError `model_missing` where there is none. */
export async function modelFolder(name: string): Promise<string> {
  const folder = modelPath(name)
  const found = await stat(folder).catch(() => undefined)
  if (found?.isDirectory()) return folder
  const problem = found ? 'this is a file; a model is a folder' : 'there is no such model folder'
  throw new FoveaError('model_missing', 'input', `${folder}: ${problem}`)
}

/**
 * Loads the model that a command names; what the cache lacks is downloaded first, with progress on standard error. Where
 * a dtype was asked for, a line there says what came of it.
 */
export async function openModel(options: ModelOptions, signal?: AbortSignal): Promise<Model> {
  const { model, mmproj, device, dtype, json, quiet } = options
  const isTold = !json && !quiet
  const onConvert = () => isTold && note('converting the GGUF weights, once: they are kept in the cache')
  const view = downloadView(signal)
  const quantizing = quantizeView(isTold)
  const told = { onProgress: view.update, onQuantize: quantizing.update, onConvert }
  try {
    const opened = await loadModel(modelPath(model), { device, dtype, signal, mmproj, ...told })
    quantizing.stop()
    if (dtype && isTold) note(precisionLine(opened.parts.precision))
    return opened
  } finally {
    quantizing.stop()
    view.stop()
  }
}
