import type { Multipart } from '@fastify/multipart'
import type { FastifyReply } from 'fastify'
import type { z } from 'zod'
import { FoveaError } from '../errors.ts'
import { expectedOf, wrongField } from '../text/wrong-field.ts'
import { badParam } from './engine/job-error.ts'
import type { Site } from './site.ts'

/** One request, checked. */
export interface Call<Body, Query = unknown> {
  readonly body: Body
  readonly query: Query
  readonly params: Readonly<Record<string, string>>
  /** Absent in a batch, where an answer is what the endpoint returns. */
  readonly reply?: FastifyReply
  /** Of a form, where the endpoint takes a file. */
  readonly parts?: () => AsyncIterable<Multipart>
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
}

/** What can be asked of the server under one address. */
export interface Endpoint<Body = unknown, Query = unknown> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Parameters as `:name`. */
  readonly url: string
  readonly summary: string
  readonly body?: z.ZodType<Body>
  readonly query?: z.ZodType<Query>
  /** It needs no key. */
  readonly isOpen?: boolean
  /** Its body is a form with a file. */
  readonly takesFile?: boolean
  /** Returns what is sent: a stream of bytes as it is, all else as JSON; undefined where the reply was sent already. */
  handle(site: Site, call: Call<Body, Query>): Promise<unknown>
}

export const endpoint = <Body, Query>(definition: Endpoint<Body, Query>): Endpoint => definition as Endpoint

/** Throws ParamError `invalid_request` with the place of the first thing that is wrong. */
export function checked<Body>(schema: z.ZodType<Body>, body: unknown): Body {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new FoveaError('invalid_request', 'usage', 'the body must be a JSON object')
  const result = schema.safeParse(body, { error: expectedOf })
  if (result.success) return result.data
  const { field, message } = wrongField(result.error.issues, body)
  throw badParam(field, 'invalid_request', message)
}
