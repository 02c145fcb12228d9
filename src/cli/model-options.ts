/** The options that every command with a model shares, and what they mean. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Option, type Command as Program } from 'commander'
import { FoveaError } from '../errors.ts'
import { loadModel } from '../evaluation/load-model.ts'
import type { RgbImage } from '../media/image.ts'
import { readImage } from '../media/read-image.ts'
import type { Method } from '../pipeline/method.ts'
import type { Model } from '../pipeline/model.ts'
import type { Precision } from '../pipeline/quantization/plan.ts'
import { precisionLine } from '../pipeline/quantization/precision-report.ts'
import type { Device } from '../runtime/index.ts'
import { packageRoot } from './package-root.ts'
import { integer, number } from './parsers.ts'
import { note } from './terminal.ts'

export interface ModelOptions {
  model: string
  device: Device
  dtype?: Precision | 'auto'
  json?: boolean
  quiet?: boolean
}

export interface SamplingFlags {
  maxTokens: number
  temperature: number
  seed: number
}

const DEFAULT_MODEL = 'mini'

export const withDtypeOption = (program: Program): Program =>
  program.addOption(
    new Option('--dtype <dtype>', 'what linear layers compute with (fp32 if not given)').choices([
      'auto',
      'fp32',
      'int8',
      'int4',
    ]),
  )

export const withModelOptions = (program: Program): Program =>
  withDtypeOption(program)
    .option('--model <folder>', 'a model folder in Hugging Face form, or "mini", which comes with fovea', DEFAULT_MODEL)
    .addOption(new Option('--device <device>', 'what computes').choices(['cpu', 'cuda', 'webgpu']).default('cpu'))

export const withSamplingOptions = (program: Program): Program =>
  program
    .option('--max-tokens <count>', 'longest answer', integer(1), 128)
    .option('--temperature <number>', '0 always takes the most likely token', number(0), 0)
    .option('--seed <number>', 'of the choices at a temperature above 0', integer(), 0)

/** A repeatable method option; several methods run one after another. */
export const withMethodOption = (program: Program): Program =>
  program.option(
    '--method <method>',
    'how to spend fewer visual tokens, such as fastv:layer=2,keep=.5; several are joined with + or given in order',
    (text: string, before: string[]) => [...before, text],
    [],
  )

/** The method that a command line names; its file is read only if there is one. */
export async function methodOf(texts: readonly string[]): Promise<Method | undefined> {
  if (texts.length === 0) return undefined
  const { parseMethod } = await import('../papers/methods.ts')
  return parseMethod(texts.join('+'))
}

/** The folder that `--model` means. Throws FoveaError `model_missing` where there is none. */
export async function modelFolder(name: string): Promise<string> {
  const folder = name === DEFAULT_MODEL || name === 'fovea-mini' ? join(packageRoot, 'models/fovea-mini') : name
  const found = await stat(folder).catch(() => undefined)
  if (found?.isDirectory()) return folder
  const problem = found ? 'this is a file; a model is a folder' : 'there is no such model folder'
  throw new FoveaError('model_missing', 'input', `${folder}: ${problem}`)
}

/** Loads the model; where a dtype was asked for, a line on standard error says what came of it. */
export async function openModel({ model, device, dtype, json, quiet }: ModelOptions): Promise<Model> {
  const isTold = !json && !quiet
  const onQuantize = (to: string) => isTold && note(`quantizing the weights to ${to}, once: they are kept in the cache`)
  const opened = await loadModel(await modelFolder(model), { device, dtype, onQuantize })
  if (dtype && isTold) note(precisionLine(opened.parts.precision))
  return opened
}

/** Reads images and loads the model at the same time. What is wrong with an image is said first. */
export async function openBoth(
  paths: readonly string[],
  options: ModelOptions,
): Promise<{ images: RgbImage[]; model: Model }> {
  const reading = Promise.all(paths.map((path) => readImage(path)))
  const [read, opened] = await Promise.allSettled([reading, openModel(options)])
  if (read.status === 'fulfilled' && opened.status === 'fulfilled') return { images: read.value, model: opened.value }
  if (opened.status === 'fulfilled') await opened.value.dispose()
  throw read.status === 'rejected' ? read.reason : (opened as PromiseRejectedResult).reason
}
