import { FoveaError } from '../../errors.ts'
import type { RgbImage } from '../../media/image.ts'
import type { Model } from '../../pipeline/model.ts'
import { type Question, questionsOf } from './asking.ts'
import type { Lab } from './lab.ts'
import type { Row } from './row.ts'
import { zero } from './verdict.ts'

/** An invariant: a figure that is zero for every question. */
export interface Check {
  readonly name: string
  readonly unit: string
  /** What is wrong where it is not. */
  readonly otherwise: string
  /** `next` is another question. Undefined where this one says nothing about it. */
  measure(model: Model, question: Question, next: Question): Promise<number | undefined>
  /** Why no question might say anything about it. */
  readonly unsaid?: string
}

/** A row for each check: its largest figure over all questions. `note` goes into each. */
export async function* rowsOfChecks(lab: Lab, checks: readonly Check[], note?: string): AsyncGenerator<Row> {
  const [model, questions] = [await lab.model(), await questionsOf(lab)]
  for (const [at, check] of checks.entries()) {
    lab.signal.throwIfAborted()
    lab.progress(at, checks.length, check.name)
    const row = await measureAll(lab, model, check, questions)
    lab.progress(at + 1, checks.length, check.name)
    yield { ...row, ...(note && { note }) }
  }
}

async function measureAll(lab: Lab, model: Model, check: Check, questions: readonly Question[]): Promise<Row> {
  const { name, unit, otherwise, unsaid } = check
  const row = { part: 'checks', name, unit, count: questions.length } as const
  const found: number[] = []
  try {
    for (const [place, question] of questions.entries()) {
      lab.signal.throwIfAborted()
      const figure = await check.measure(model, question, questions[(place + 1) % questions.length])
      if (figure !== undefined) found.push(figure)
    }
  } catch (error) {
    if (!(error instanceof FoveaError) || lab.signal.aborted) throw error
    return { ...row, value: 0, ...refusalOf(error) }
  }
  if (found.length === 0) return { ...row, value: 0, count: 0, reason: unsaid ?? 'no question tells' }
  const worst = Math.max(...found)
  return { ...row, value: worst, count: found.length, ...zero(worst, otherwise) }
}

/**
 * What an error says about a method. A combination that a model cannot run is refused and nothing is known; whatever else
 * goes wrong is a fault.
 */
export function refusalOf({ kind, code, message }: FoveaError): Pick<Row, 'holds' | 'reason'> {
  if (kind === 'usage' || code.startsWith('adapter_')) return { holds: 'undecided', reason: `refused: ${message}` }
  return { holds: false, reason: `it fails: ${message}` }
}

/** Every image of a question, and those of the next. */
export const bothImages = ({ image }: Question, next: Question): RgbImage[] => [image, next.image]
