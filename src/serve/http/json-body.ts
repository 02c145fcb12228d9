import type { FastifyInstance } from 'fastify'
import { FoveaError } from '../../errors.ts'
import { LIMITS } from '../limits.ts'

const OPENING: readonly number[] = [0x7b, 0x5b]
const CLOSING: readonly number[] = [0x7d, 0x5d]
const [QUOTE, BACKSLASH] = [0x22, 0x5c]

/** How deep lists and objects lie in each other in a JSON text; counted before anything of it is made. */
export function jsonDepth(text: string): number {
  let [depth, deepest, isString] = [0, 0, false]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (isString) {
      if (code === BACKSLASH) at++
      else if (code === QUOTE) isString = false
    } else if (code === QUOTE) isString = true
    else if (OPENING.includes(code)) deepest = Math.max(deepest, ++depth)
    else if (CLOSING.includes(code)) depth--
  }
  return deepest
}

const tooDeep = (): FoveaError =>
  new FoveaError('json_too_deep', 'usage', `the body lies more than ${LIMITS.jsonDepth} lists and objects deep`)

/** Bodies are JSON, so deep and no deeper, and no key of them is `__proto__`. */
export function takeJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (jsonDepth(body as string) > LIMITS.jsonDepth) done(tooDeep())
    else parse(request, body as string, done)
  })
}
