import { endpoint } from '../endpoint.ts'
import { detokenizeBody, tokenizeBody } from '../wire/schemas.ts'

export const tokenize = endpoint({
  method: 'POST',
  url: '/tokenize',
  summary: 'The tokens of a text',
  body: tokenizeBody,
  handle: async (site, { body, signal }) => {
    site.assertModel(body.model)
    const job = { kind: 'tokenize', text: body.prompt } as const
    const { ids, pieces } = await site.sideQueue.run(() => site.engine.run<'tokenize'>(job, { signal }), signal)
    const { contextLength } = site.engine.model
    return { tokens: ids, token_strs: pieces, count: ids.length, max_model_len: contextLength ?? null }
  },
})

export const detokenize = endpoint({
  method: 'POST',
  url: '/detokenize',
  summary: 'The text of tokens',
  body: detokenizeBody,
  handle: async (site, { body, signal }) => {
    site.assertModel(body.model)
    const job = { kind: 'detokenize', ids: body.tokens } as const
    return { prompt: await site.sideQueue.run(() => site.engine.run<'detokenize'>(job, { signal }), signal) }
  },
})
