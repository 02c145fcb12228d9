/** What is measured: reducers of three places, and schemes of quantization. */
import type { Method } from '../../../pipeline/method/method.ts'
import { SCHEMES, type Scheme } from '../../../quantization/schemes/scheme.ts'
import type { Paper } from '../../paper.ts'
import { divprune } from '../../reducer/divprune.ts'
import { fastv } from '../../reducer/fastv.ts'
import { visionzip } from '../../reducer/visionzip.ts'
import type { Lab } from '../../reports/lab.ts'

/** A reducer of each module, and whether it reads the question. */
export const REDUCERS = [
  { id: 'visionzip', entry: visionzip as Paper, module: 'behind the vision encoder', isGuided: false },
  { id: 'divprune', entry: divprune as Paper, module: 'before the language model', isGuided: false },
  { id: 'fastv', entry: fastv as Paper, module: 'within the language model', isGuided: true },
] as const

export type Reducer = (typeof REDUCERS)[number]

export const reduced = ({ id, entry }: Reducer, keep: number): Method => ({
  name: `${id}:keep=${keep}`,
  ...entry.method!(entry.options!.parse({ keep })),
})

export interface Plan {
  readonly schemes: readonly Scheme[]
  readonly keeps: readonly number[]
}

/** Half of the tokens in 4 bits, and an eighth in 16, cost about the same; so do all in 4 bits and a quarter in 16. */
export const planOf = ({ quick }: Pick<Lab, 'quick'>): Plan =>
  quick ? { schemes: ['gptq'], keeps: [0.5, 0.25, 0.125] } : { schemes: SCHEMES, keeps: [0.5, 0.25, 0.125] }

export const BITS = 4
