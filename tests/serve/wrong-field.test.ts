import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { checked } from '../../src/serve/endpoint.ts'
import { anthropicError, failureOf, openAiError } from '../../src/serve/http/failure.ts'
import { anthropicBody } from '../../src/serve/wire/anthropic-request.ts'
import { responsesBody } from '../../src/serve/wire/responses-request.ts'
import { chatBody, detokenizeBody } from '../../src/serve/wire/schemas.ts'

function refused(schema: z.ZodType<unknown>, body: object) {
  try {
    checked(schema, body)
  } catch (error) {
    return failureOf(error)
  }
  throw new Error('it was taken')
}
const said = (more: object) => ({ messages: [{ role: 'user', content: 'a' }], ...more })
const parts = (...content: object[]) => ({ messages: [{ role: 'user', content }] })

describe('a field that is wrong', () => {
  it.each<[object, string]>([
    [{}, 'messages: expected a list, given nothing'],
    [said({ messages: [] }), 'messages: expected a list of at least 1, given a list of 0'],
    [said({ max_tokens: 'many' }), 'max_tokens: expected a number, given "many"'],
    [said({ max_tokens: 1.5 }), 'max_tokens: expected a whole number, given 1.5'],
    [said({ max_tokens: 0 }), 'max_tokens: expected a number, at least 1, given 0'],
    [said({ top_p: 0 }), 'top_p: expected a number, more than 0, given 0'],
    [said({ temperature: 1000 }), 'temperature: expected a number, at most 100, given 1000'],
    [said({ stream: 'yes' }), 'stream: expected true or false, given "yes"'],
    [said({ n: 3 }), 'n: one answer at a time: n must be 1, given 3'],
    [said({ guided_regex: 'x'.repeat(70_000) }), 'guided_regex: expected a text of at most 65536 characters, given "'],
    [
      { messages: [{ role: 'root', content: 'a' }] },
      'messages.0.role: expected "system" or "developer" or "user" or "assistant" or "tool", given "root"',
    ],
    [
      { messages: [{ role: 'user', content: null }] },
      'messages.0.content: a content is a text or a list of parts, given null',
    ],
    [parts({ type: 'text' }), 'messages.0.content.0.text: expected a text, given nothing'],
    [
      parts({ type: 'image_url', image_url: 3 }),
      'messages.0.content.0.image_url: expected a text or an object, given 3',
    ],
    [
      parts({ type: 'image_url', image_url: { url: 'data:', detail: 'most' } }),
      'messages.0.content.0.image_url.detail: expected "auto" or "low" or "high" or "original", given "most"',
    ],
    [said({ stop: { a: 1 } }), 'stop: expected a text or a list, given an object'],
    [said({ fovea: { nosuch: 1 } }), 'fovea: there is no field "nosuch" here; there are method, overlay, speculate'],
    [
      said({ response_format: { type: 'xml' } }),
      'response_format.type: expected "text" or "json_object" or "json_schema" or "regex", given "xml"',
    ],
  ])('%# is named, with what was expected and what was given', (body, message) => {
    const failure = refused(chatBody, body)
    expect(failure.message.startsWith(message)).toBe(true)
    expect(message.startsWith('fovea') ? 'fovea' : failure.message.split(': ')[0]).toBe(failure.param)
    expect(failure.message).not.toMatch(/Invalid|Too |Unrecognized|received|\n/)
  })

  it('is told once in the form of Anthropic, and beside the message in that of OpenAI', () => {
    const failure = refused(anthropicBody, said({ max_tokens: 0 }))
    expect(anthropicError(failure).error.message).toBe('max_tokens: expected a number, at least 1, given 0')
    expect(openAiError(failure).error).toMatchObject({
      param: 'max_tokens',
      message: anthropicError(failure).error.message,
    })
    const system = refused(anthropicBody, said({ max_tokens: 1, system: [{ type: 'image', source: {} }] }))
    expect(anthropicError(system).error.message).toBe('system.0.type: expected "text", given "image"')
    const other = { status: 404, code: 'model_not_found', message: 'there is no other here', param: 'model' }
    expect(anthropicError(other).error.message).toBe('model: there is no other here')
  })

  it('is found in every interface', () => {
    expect(refused(responsesBody, { input: 3 }).message).toBe('input: input is a text or a list of items, given 3')
    expect(refused(responsesBody, { input: 'a', previous_response_id: 'x' }).message).toBe(
      'previous_response_id: answers are not kept here; send the whole conversation as input, given "x"',
    )
    expect(refused(detokenizeBody, { tokens: [-1] }).message).toBe('tokens.0: expected a number, at least 0, given -1')
  })
})
