/** Runs a model over questions and keeps what the probes say, as plain data. */
import type { Method } from '../../../pipeline/method/method.ts'
import type { Model } from '../../../pipeline/model.ts'
import type { Question } from '../../reports/asking.ts'
import type { Lab } from '../../reports/lab.ts'
import { watchModel } from '../../reports/watched-model.ts'
import type { Vector } from '../xl-vlms/vectors.ts'
import { activationProbe, type LinearLayer, type Modality, stateProbe } from './probe.ts'
import { median, type Sides } from './similarity.ts'
import { activationNorms, keepMask } from './wanda.ts'

export interface States extends Sides {
  /** Median norm of each layer, over all tokens. */
  readonly norms: Readonly<Record<Modality, readonly number[]>>
  /** Mean cosine of tokens before and after each layer: [layer][sample]. */
  readonly same: Readonly<Record<Modality, readonly (readonly number[])[]>>
}

type Patient = Pick<Lab, 'signal' | 'progress'>

/** States of every layer for each question, both modalities. */
export async function statesOf(lab: Patient, model: Model, questions: readonly Question[]): Promise<States> {
  const { layers } = model.parts.architecture.language
  const runs = await headsOf(lab, model, questions, stateProbe(model.parts.architecture), 'states')
  const each = <T>(from: number, of: (l: number) => T) =>
    Array.from({ length: layers + 1 - from }, (_, at) => of(at + from))
  const byModality = <T>(of: (modality: Modality) => T) => ({ visual: of('visual'), text: of('text') })
  const means = byModality((modality) => each(0, (l) => runs.map((heads) => heads[`${modality}.mean.${l}`])))
  return {
    ...means,
    norms: byModality((modality) =>
      each(0, (l) => median(runs.flatMap((heads) => heads[`${modality}.norm.${l}`].filter((norm) => norm > 0)))),
    ),
    same: byModality((modality) => each(1, (l) => runs.map((heads) => heads[`${modality}.same.${l}`][0]))),
  }
}

type Heads = Readonly<Record<string, Vector>>

async function headsOf(
  { signal, progress }: Patient,
  model: Model,
  questions: readonly Question[],
  method: Method,
  what: string,
): Promise<Heads[]> {
  const found: Heads[] = []
  for (const { image, prompt } of questions) {
    signal.throwIfAborted()
    const watched = watchModel(model)
    await watched.model.generate({ prompt, images: [image], method, maxTokens: 0 })
    const own = Object.entries(watched.runs[0].heads)
    found.push(Object.fromEntries(own.map(([name, { data }]) => [name, Array.from(data as Float32Array)])))
    progress(found.length, questions.length, what)
  }
  return found
}

/** Masks of each linear layer, one of what visual tokens activate and one of what text does. */
export async function masksOf(
  lab: Patient,
  model: Model,
  questions: readonly Question[],
  layers: readonly LinearLayer[],
  sparsity: number,
): Promise<Record<Modality, Uint8Array>[]> {
  const masks: Record<Modality, Uint8Array>[] = []
  for (const layer of layers) {
    const runs = await headsOf(lab, model, questions, activationProbe([layer]), layer.weight)
    const data = transposed(runs[0][`weight.${layer.weight}`], layer)
    const maskOf = (modality: Modality) => {
      const norms = activationNorms(runs.map((heads) => heads[`${modality}.${layer.weight}`]))
      return keepMask({ ...layer, data }, norms, sparsity)
    }
    masks.push({ visual: maskOf('visual'), text: maskOf('text') })
  }
  return masks
}

/** [in, out] to [out, in]. */
const transposed = (data: Vector, { rows, columns }: LinearLayer): Float32Array =>
  Float32Array.from({ length: rows * columns }, (_, at) => data[(at % columns) * rows + Math.floor(at / columns)])
