/** Asking the server. What goes wrong becomes one sentence. */
import { askForKey, authorization } from './key.ts'

export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

export const LOST = 'The server does not answer. Is it still running?'

/** Throws ApiError; `AbortError` where it was told to stop. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...authorization(), ...(init.body !== undefined && { 'content-type': 'application/json' }) }
  const response = await fetch(path, { ...init, headers }).catch((error: Error) => {
    throw error.name === 'AbortError' ? error : new ApiError('lost', LOST)
  })
  if (!response.ok) throw await errorOf(response)
  return response
}

export async function askJson<T>(path: string, init?: RequestInit): Promise<T> {
  return (await ask(path, init)).json()
}

async function errorOf(response: Response): Promise<ApiError> {
  if (response.status === 401) askForKey()
  const body = await response.json().catch(() => ({}))
  const { code = 'failed', message = `the server answered ${response.status}` } = body.error ?? {}
  return new ApiError(code, sentence(message))
}

/** With a capital letter and a full stop. */
export function sentence(text: string): string {
  const [first = ''] = text
  return first.toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.')
}

/** Any failure in words. */
export const said = (error: unknown): string => (error instanceof Error ? error.message : String(error))
