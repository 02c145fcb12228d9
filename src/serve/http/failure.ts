/** What clients are told when something fails: one line, nothing of this machine. */
import { FoveaError } from '../../errors.ts'
import { ParamError } from '../engine/job-error.ts'

export interface Failure {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly param: string | null
  /** Seconds after which to try again. */
  readonly retryAfter?: number
}

/** Codes with a status of their own; others go by the kind of error. */
const STATUSES: Readonly<Record<string, number>> = {
  unsupported_media: 415,
  file_too_large: 413,
  file_in_use: 409,
  batch_over: 409,
  too_many_batches: 429,
  storage_full: 507,
  storage_missing: 501,
  model_not_found: 404,
  unknown_paper: 404,
  not_found: 404,
  key_invalid: 401,
  origin_refused: 403,
  host_refused: 421,
  request_aborted: 499,
  queue_full: 429,
  queue_unavailable: 503,
  server_closing: 503,
  engine_lost: 503,
  engine_loading: 503,
  package_missing: 501,
}

const KINDS: Readonly<Record<FoveaError['kind'], number>> = { usage: 400, input: 400, network: 502, resource: 503 }

/** Codes that OpenAI's clients know by another name. */
const NAMES: Readonly<Record<string, string>> = { context_full: 'context_length_exceeded' }

const RETRY_AFTER: Readonly<Record<number, number>> = { 429: 1, 503: 5 }

/** What Fastify itself refuses. */
interface HttpError extends Error {
  readonly code: string
  readonly statusCode: number
}

const isHttp = (error: unknown): error is HttpError =>
  error instanceof Error && typeof (error as HttpError).statusCode === 'number' && 'code' in error

/** Anything that was thrown. What nobody foresaw is told as no more than that. */
export function failureOf(error: unknown): Failure {
  if (error instanceof FoveaError) {
    const status = STATUSES[error.code] ?? KINDS[error.kind]
    const param = error instanceof ParamError ? error.param : null
    const [code, message] = [NAMES[error.code] ?? error.code, withoutPaths(error.message)]
    return { status, code, message, param, ...(RETRY_AFTER[status] && { retryAfter: RETRY_AFTER[status] }) }
  }
  if (isHttp(error) && error.statusCode < 500) return { status: error.statusCode, ...told(error), param: null }
  return { status: 500, code: 'internal_error', message: 'the server failed; its log says why', param: null }
}

function told({ code, statusCode, message }: HttpError): Pick<Failure, 'code' | 'message'> {
  if (statusCode === 413) return { code: 'body_too_large', message: 'the request body is too large' }
  if (statusCode === 415) return { code: 'unsupported_media_type', message: 'the body must be application/json' }
  if (statusCode === 400) return { code: 'invalid_json', message: 'the body is not valid JSON' }
  return { code: code.toLowerCase(), message: withoutPaths(message) }
}

/** Absolute paths become the name of the file. */
const withoutPaths = (message: string): string =>
  message.replace(/(?<![\w:/.])(?:[A-Za-z]:)?(?:[\\/][\w.@+-]+){2,}/g, (path) => path.split(/[\\/]/).at(-1)!)

/** The word that OpenAI's clients look for. */
function typeOf(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 404) return 'not_found_error'
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

/** The form of OpenAI. */
export const openAiError = ({ status, code, message, param }: Failure) => ({
  error: { message, type: typeOf(status), param, code },
})

/** The form of Anthropic; it has no field for the place, so its message says it. */
export const anthropicError = ({ status, message, param }: Failure) => ({
  type: 'error' as const,
  error: {
    type: anthropicType(status),
    message: param === null || saysPlace(message, param) ? message : `${param}: ${message}`,
  },
})

const saysPlace = (message: string, param: string): boolean =>
  message.startsWith(`${param}:`) || message.startsWith(`${param} `)

function anthropicType(status: number): string {
  if (status === 413) return 'request_too_large'
  if (status === 503) return 'overloaded_error'
  return status >= 500 ? 'api_error' : typeOf(status)
}
