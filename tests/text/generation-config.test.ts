import { describe, expect, it } from 'vitest'
import { endOfText, generationDefaults } from '../../src/text/generation-config.ts'

describe('defaults of generation_config.json', () => {
  it.each([
    [{}, {}],
    [{ do_sample: false, temperature: 0.7, top_p: 0.9, top_k: 5, max_new_tokens: 64 }, {}],
    [{ temperature: 0.7, repetition_penalty: 1.2 }, { repetitionPenalty: 1.2 }],
    [{ do_sample: true }, { temperature: 1, topK: 50 }],
    [
      { do_sample: true, temperature: 0.01, top_p: 0.001, top_k: 1, repetition_penalty: 1.05, max_new_tokens: 256 },
      { temperature: 0.01, topP: 0.001, topK: 1, repetitionPenalty: 1.05, maxTokens: 256 },
    ],
    [{ do_sample: true, temperature: 0.6, top_k: 0, top_p: null }, { temperature: 0.6 }],
  ])('%j are %j', (file, defaults) => {
    expect(generationDefaults(file)).toEqual(defaults)
  })

  it.each([
    [{ do_sample: 'yes' }, 'do_sample'],
    [{ temperature: -1 }, 'temperature'],
    [{ top_p: 0 }, 'top_p'],
    [{ top_k: 2.5 }, 'top_k'],
    [{ repetition_penalty: 0 }, 'repetition_penalty'],
    [{ max_new_tokens: 0 }, 'max_new_tokens'],
  ])('%j are refused by name', (file, field) => {
    const message = expect.stringContaining(`generation_config.json: ${field}: `)
    expect(() => generationDefaults(file)).toThrow(expect.objectContaining({ code: 'config_invalid', message }))
  })
})

describe('the end of an answer', () => {
  const tokenizer = { eosToken: '</s>', tokenToId: (token: string) => (token === '</s>' ? 9 : undefined) }
  const generation = { eos_token_id: [1, 2] }
  const text_config = { eos_token_id: 4 }
  const llm_config = { eos_token_id: 5 }

  it.each([
    [{ generation, config: { eos_token_id: 3, text_config } }, [1, 2], 'generation_config.json'],
    [{ generation: {}, config: { eos_token_id: 3, text_config } }, [3], 'config.json'],
    [{ generation: { eos_token_id: null }, config: { text_config } }, [4], 'text_config of config.json'],
    [{ generation: { eos_token_id: [] }, config: { llm_config } }, [5], 'llm_config of config.json'],
    [{ generation: {}, config: { text_config: { eos_token_id: null } } }, [9], 'tokenizer_config.json'],
    [{ generation: {}, config: { eos_token_id: 0 } }, [0], 'config.json'],
  ])('of %j is %j, by %s', (files, eosIds, eosFile) => {
    expect(endOfText({ tokenizer, ...files })).toEqual({ eosIds, eosFile })
  })

  it('may be stated nowhere', () => {
    const none = { eosIds: [] }
    const files = { generation: {}, config: {} }
    expect(endOfText({ ...files, tokenizer: { tokenToId: () => 1 } })).toEqual(none)
    expect(endOfText({ ...files, tokenizer: { eosToken: '<gone>', tokenToId: () => undefined } })).toEqual(none)
  })

  it.each([['2'], [-1], [[1, 'x']]])('is refused as %j', (eos_token_id) => {
    const read = () => endOfText({ generation: {}, config: { text_config: { eos_token_id } }, tokenizer })
    const message = 'eos_token_id in text_config of config.json must be token ids, whole numbers from 0'
    expect(read).toThrow(expect.objectContaining({ code: 'config_invalid', message }))
  })
})
