import type { FastifyReply } from 'fastify'
import type { z } from 'zod'
import { FoveaError } from '../errors.ts'
import { expectedOf, wrongField } from '../text/wrong-field.ts'
import { badParam } from './engine/job-error.ts'
import type { Site } from './site.ts'

/** One request, checked. */
export interface Call<Body> {
  readonly body: Body
  readonly params: Readonly<Record<string, string>>
  readonly reply: FastifyReply
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
}

/** What can be asked of the server under one address. */
export interface Endpoint<Body = unknown> {
  readonly method: 'GET' | 'POST'
  /** Parameters as `:name`. */
  readonly url: string
  readonly summary: string
  readonly body?: z.ZodType<Body>
  /** Returns what is sent as JSON; undefined where the reply was sent already. */
  handle(site: Site, call: Call<Body>): Promise<unknown>
}

export const endpoint = <Body>(definition: Endpoint<Body>): Endpoint => definition as Endpoint

/** Throws ParamError `invalid_request` with the place of the first thing that is wrong. */
export function checked<Body>(schema: z.ZodType<Body>, body: unknown): Body {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new FoveaError('invalid_request', 'usage', 'the body must be a JSON object')
  const result = schema.safeParse(body, { error: expectedOf })
  if (result.success) return result.data
  const { field, message } = wrongField(result.error.issues, body)
  throw badParam(field, 'invalid_request', message)
}
