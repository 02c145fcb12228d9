import { join } from 'node:path'
import type { Endpoint } from '../../text/endpoint.ts'
import type { Progress } from '../../training/trainer.ts'
import { buildMethod } from '../methods.ts'
import type { Paper } from '../paper.ts'
import { trainEntry } from '../train.ts'
import { compareMeans, openAsker } from './asker.ts'
import type { Lab } from './lab.ts'
import type { Notebook } from './notebook.ts'
import { endpointWriter, modelWriter, recorded } from './writer.ts'

/** What a lab is opened with. */
export interface LabSettings
  extends Pick<Lab, 'base' | 'part' | 'seed' | 'n' | 'quick' | 'signal' | 'progress' | 'model'> {
  /** Of the paper: what its run remembers is kept under it. Answers under a method's name are shared by all papers. */
  readonly entry: Paper
  readonly notebook: Notebook
  /** What is trained lies here. */
  readonly folder: string
  readonly threads?: number
  /** Another language model than the model itself, where the paper calls one. */
  readonly llm?: Endpoint
}

/** The lab of one part of a run. */
export function openLab({ notebook, entry, folder, base, threads, llm, ...settings }: LabSettings): Lab {
  const { seed, signal } = settings
  const { id } = entry
  const { remember, evaluate, expect } = openAsker({ ...settings, id, notebook })
  return {
    ...settings,
    base,
    evaluate,
    expect,
    writer: async () =>
      recorded(llm ? endpointWriter(llm) : modelWriter(await settings.model()), (key, make) => remember(key, make)),
    remember: (key, make) => remember(`${id}: ${key}`, make),
    compare: (first, others) => compareMeans([first], others, seed),
    compareMeans: (first, others) => compareMeans(first, others, seed),
    trained: async (options, seed) => {
      const name = Object.entries(options).map(([key, value]) => `${key}=${value}`)
      const out = join(folder, 'trained', [id, ...name, `seed-${seed}`, ...(settings.quick ? ['quick'] : [])].join(' '))
      const steps = settings.quick ? { steps: QUICK_STEPS } : {}
      const onStep = (stage: string, { step, total }: Progress) =>
        settings.progress(step, total, `${name} seed ${seed}, ${stage} stage`)
      const found = await trainEntry(entry, options, { out, seed, base, threads, signal, onStep, ...steps })
      if (!found) throw signal.reason
      return (chosen) => buildMethod(entry, { ...options, ...chosen, weights: found.adapter })
    },
  }
}

/** For a look: that it trains, not to what. */
const QUICK_STEPS = 2
