/** The files that a batch ends in, in the order of its input. */
import { newId } from '../storage/records.ts'
import type { BatchStatus } from './batch.ts'
import type { Answer } from './executor.ts'
import type { Input } from './input.ts'
import type { Journal, ResultLine } from './journal.ts'

export const resultOf = (customId: string, { status, body }: Answer): ResultLine => ({
  id: newId('batch_req_'),
  custom_id: customId,
  response: { status_code: status, request_id: newId('req_'), body },
  error: null,
})

/** Answers that succeeded. */
export async function* outputLines({ places }: Input, journal: Journal): AsyncGenerator<Uint8Array> {
  for (const { line } of places) if (journal.isSuccess(line)) yield bytesOf(await journal.read(line))
}

const REASONS: Partial<Record<BatchStatus, { readonly code: string; readonly message: string }>> = {
  cancelled: { code: 'batch_cancelled', message: 'the batch was cancelled before this request was answered' },
  expired: { code: 'batch_expired', message: 'the batch was over before this request was answered' },
}

/** Answers that are errors, and the requests that were not answered, with the reason for it. */
export async function* errorLines(
  { places }: Input,
  journal: Journal,
  outcome: BatchStatus,
): AsyncGenerator<Uint8Array> {
  for (const { line, customId } of places) {
    if (journal.isSuccess(line)) continue
    const result = await journal.read(line)
    const unanswered = { id: newId('batch_req_'), custom_id: customId, response: null, error: REASONS[outcome] }
    yield bytesOf(result ?? unanswered)
  }
}

const bytesOf = (result: unknown): Uint8Array => Buffer.from(`${JSON.stringify(result)}\n`)
