import { describe, expect, it } from 'vitest'
import { within } from '../../src/models/language/language-model.ts'
import { languageOf } from '../../src/models/language/languages.ts'
import { createScope } from '../../src/nn/index.ts'
import { input } from '../../src/tensor/index.ts'

const sizes = { vocab_size: 24, hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1, intermediate_size: 8 }

/** The weights that a model reads for one token. */
function weightsOf(model: ReturnType<typeof languageOf>): string[] {
  const scope = createScope()
  const states = model.embed(scope, input('ids', [1, 1], 'i64'))
  const { hidden } = model.decode(scope, { states, positions: input('positions', [1, 1]) }, { answer: states })
  model.logits(scope, hidden)
  return [...scope.parameters.keys()]
}

describe('a language model within a prefix', () => {
  it('reads the same weights below it', () => {
    const model = languageOf(sizes, 'text_config')
    expect(weightsOf(within('text', model))).toEqual(weightsOf(model).map((name) => `text.${name}`))
  })

  it('ignores and replaces weights below it', () => {
    expect(within('text', languageOf(sizes, 'text_config', true)).ignored).toEqual(['text.lm_head.'])
    const { ignored, fallbacks } = within('text', languageOf({ model_type: 't5', d_model: 8 }, 'text_config'))
    expect(ignored).toEqual(['text.encoder.embed_tokens.', 'text.decoder.embed_tokens.'])
    expect(fallbacks).toEqual({ 'text.lm_head.weight': 'text.shared.weight' })
  })

  it('leaves everything else as it is', () => {
    const model = languageOf({ ...sizes, model_type: 'opt' }, 'text_config')
    const { layers, heads, hiddenSize, vocabulary, contextLength } = model
    expect(within('text', model)).toMatchObject({ layers, heads, hiddenSize, vocabulary, contextLength })
  })
})
