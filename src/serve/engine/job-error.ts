import { FoveaError } from '../../errors.ts'
import type { SentError } from './protocol.ts'

/** A FoveaError about one part of a request. */
export class ParamError extends FoveaError {
  constructor(
    readonly param: string,
    code: string,
    kind: FoveaError['kind'],
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, kind, message, options)
  }
}

/** What is wrong with a part of a request that the client can mend. */
export const badParam = (param: string, code: string, message: string): ParamError =>
  new ParamError(param, code, 'usage', message)

/** Runs `work`; its FoveaErrors are about `param`. */
export async function about<T>(param: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof FoveaError) || error instanceof ParamError) throw error
    throw new ParamError(param, error.code, error.kind, error.message, { cause: error })
  }
}

export function sentError(error: unknown): SentError {
  if (error instanceof FoveaError) {
    const { code, kind, message } = error
    return { code, kind, message, ...(error instanceof ParamError && { param: error.param }) }
  }
  return { code: 'internal_error', kind: 'bug', message: error instanceof Error ? error.message : String(error) }
}

export function receivedError({ code, kind, message, param }: SentError): Error {
  if (kind === 'bug') return new Error(message)
  return param === undefined ? new FoveaError(code, kind, message) : new ParamError(param, code, kind, message)
}
