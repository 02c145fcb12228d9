import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createTokenizer } from '../../src/text/tokenizer.ts'

const json = JSON.parse(readFileSync('models/fovea-mini/tokenizer.json', 'utf8'))
const piece = (id: string) => ({ SpecialToken: { id, type_id: 0 } })
const text = { Sequence: { id: 'A', type_id: 0 } }
/** The post-processor of LLaMA's tokenizers: BOS before the text. */
const withBos = {
  ...json,
  post_processor: {
    type: 'TemplateProcessing',
    single: [piece('<user>'), text],
    pair: [piece('<user>'), text],
    special_tokens: { '<user>': { id: '<user>', ids: [2], tokens: ['<user>'] } },
  },
}

describe('what goes before every text', () => {
  it('is nothing, or what the post-processor puts there', () => {
    expect(createTokenizer(json).prefix).toEqual([])
    expect(createTokenizer(withBos).prefix).toEqual([2])
  })

  it('is not what the post-processor puts after it', () => {
    const eos = { '<user>': { id: '<user>', ids: [2], tokens: ['<user>'] } }
    const single = [piece('<user>'), text, piece('<user>')]
    const post_processor = { type: 'TemplateProcessing', single, pair: single, special_tokens: eos }
    expect(createTokenizer({ ...json, post_processor })).toMatchObject({ prefix: [2], suffix: [2] })
    expect(createTokenizer(json).suffix).toEqual([])
  })

  it('follows add_bos_token where it is stated', () => {
    expect(createTokenizer(withBos, { add_bos_token: false }).prefix).toEqual([])
    const tokenizer = createTokenizer(json, { add_bos_token: true, bos_token: { content: '<assistant>' } })
    expect(tokenizer).toMatchObject({ prefix: [3], bosToken: '<assistant>' })
    expect(createTokenizer(json, { add_bos_token: true }).prefix).toEqual([])
  })
})
