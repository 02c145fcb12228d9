/** A line of a batch's input: one request. */
import { z } from 'zod'
import { expectedOf, wrongField } from '../../text/wrong-field.ts'
import { jsonDepth } from '../http/json-body.ts'
import { LIMITS } from '../limits.ts'
import type { BatchError } from './batch.ts'

const requestLine = z.object({
  custom_id: z.string().min(1).max(512),
  method: z.literal('POST'),
  url: z.string(),
  body: z.looseObject({ stream: z.literal(false, 'answers of a batch are not streamed').nullish() }),
})

export type RequestLine = z.infer<typeof requestLine>

type Fault = Omit<BatchError, 'line'>

export const fault = (code: string, message: string, param: string | null = null): Fault => ({ code, message, param })

/** The request, or what is wrong with the line. */
export function readRequest(bytes: Uint8Array | undefined, url: string): RequestLine | Fault {
  if (!bytes) return fault('line_too_long', `a line has at most ${LIMITS.bodyBytes / 2 ** 20} MiB`)
  const given = parsed(bytes)
  if (given === undefined) return fault('invalid_json_line', 'the line is not valid JSON in UTF-8')
  if (given === TOO_DEEP)
    return fault('json_too_deep', `the line lies more than ${LIMITS.jsonDepth} lists and objects deep`)
  const { data, error } = requestLine.safeParse(given, { error: expectedOf })
  if (error) return wrong(wrongField(error.issues, given))
  if (data.url === url) return data
  return fault('invalid_url', `url: expected ${JSON.stringify(url)}, the endpoint of the batch`, 'url')
}

export const isFault = (read: RequestLine | Fault): read is Fault => 'code' in read

function wrong({ field, message }: ReturnType<typeof wrongField>): Fault {
  const [top] = field.split('.')
  return fault(top === '' ? 'invalid_json_line' : `invalid_${top}`, message, field || null)
}

const TOO_DEEP = Symbol('too deep')

/** Undefined for what is no JSON; keys that would change what an object is are refused as in bodies. */
function parsed(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (jsonDepth(text) > LIMITS.jsonDepth) return TOO_DEEP
    return /__proto__|\\u/.test(text) ? JSON.parse(text, refuseProto) : JSON.parse(text)
  } catch {
    return undefined
  }
}

function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('the key __proto__')
  return value
}
