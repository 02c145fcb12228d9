import { languageOf } from '../../models/language/languages.ts'
import { allText } from '../../pipeline/method/sequence.ts'
import { f32, i64 } from '../../runtime/index.ts'
import { crossEntropy, input } from '../../tensor/index.ts'
import { askAll, askFilm, LANGUAGES, makeFilm, makeScene, makeThingScene, type QA, Rng } from '../../world/index.ts'
import { nodeArt } from '../../world/node-art.ts'
import { special, turn } from '../mini/tokenizer.ts'
import type { Stream } from '../mix.ts'
import type { TrainingData } from '../recipe.ts'
import type { Batch } from '../step.ts'
import { stageOf, type Tower, type TowerOptions, type TowerSize } from './tower.ts'

const SIZES = {
  full: { batch: 32, text: 160, steps: 3000, scenes: 20_000 },
  tiny: { batch: 2, text: 48, steps: 3, scenes: 2 },
} as const

/** config.json in the form of LLaMA: as wide as fovea-mini's language model, embeddings tied. */
function configOf({ tokenizer, size }: TowerOptions) {
  const isFull = size === 'full'
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: tokenizer.vocabSize,
    hidden_size: isFull ? 192 : 16,
    intermediate_size: isFull ? 512 : 32,
    num_hidden_layers: isFull ? 3 : 1,
    num_attention_heads: isFull ? 6 : 2,
    num_key_value_heads: 2,
    hidden_act: 'silu',
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    tie_word_embeddings: true,
    max_position_embeddings: 2048,
    bos_token_id: null,
    eos_token_id: special.eos,
    pad_token_id: special.pad,
  }
}

/** Questions with answers about the scene, or the film, of an index, in one language. */
function talkOf(seed: number, index: number): QA[] {
  const rng = Rng.from(seed, 'tower text', index)
  const [key, art] = [{ split: 'train', seed, index } as const, nodeArt()]
  const language = rng.pick(LANGUAGES)
  const kind = rng.weighted({ things: 60, films: 25, shapes: 15 })
  if (kind === 'shapes') return askAll(makeScene(key), rng, 12)
  if (kind === 'films') return askFilm(makeFilm({ ...key, art }), rng, 12, {}, language)
  return askAll(makeThingScene({ ...key, art }), rng, 12, {}, language)
}

/** Texts one after another, as many as fit, each of which sees itself only. */
function packTexts(texts: readonly (readonly number[])[], length: number) {
  const row = { ids: [] as number[], segments: [] as number[], positions: [] as number[], targets: [] as number[] }
  const weights: number[] = []
  for (const [at, ids] of texts.entries()) {
    if (row.ids.length + ids.length > length) continue
    for (const [place, id] of ids.entries()) {
      row.ids.push(id)
      row.segments.push(at + 1)
      row.positions.push(place)
      row.targets.push(ids[place + 1] ?? special.pad)
      weights.push(Number(place + 1 < ids.length))
    }
  }
  for (let at = row.ids.length; at < length; at++) {
    for (const list of [row.ids, row.positions, row.targets, weights]) list.push(0)
    row.segments.push(-1)
  }
  return { ...row, weights }
}

function talks({ seed, encode }: TrainingData, size: TowerSize): Stream<Batch> {
  const { batch, text, scenes } = SIZES[size]
  const written = ({ question, answer }: QA) => [
    turn.user,
    ...encode(question),
    turn.assistant,
    ...encode(answer),
    turn.end,
  ]
  return (step) => {
    const rng = Rng.from(seed, 'tower-t', step)
    const rows = Array.from({ length: batch }, () => packTexts(talkOf(seed, rng.int(0, scenes - 1)).map(written), text))
    const join = (key: keyof (typeof rows)[number]) => rows.flatMap((row) => row[key])
    const shape = [batch, text]
    return {
      ids: i64(shape, join('ids')),
      segments: i64(shape, join('segments')),
      positions: f32(shape, Float32Array.from(join('positions'))),
      targets: i64(shape, join('targets')),
      weights: f32(shape, Float32Array.from(join('weights'))),
    }
  }
}

/** A language model that has read of the World in English and Spanish and never seen it. */
export const t: Tower = {
  id: 't',
  about: 'text language model of the same width as fovea-mini, in English and Spanish, in the form of LLaMA',
  recipe: (options) => {
    const { batch, text, steps } = SIZES[options.size]
    const config = configOf(options)
    const model = languageOf(config, 'config.json')
    return {
      stage: {
        name: 'text',
        ...stageOf(options.size, { steps, batch }),
        losses: (p) => {
          const ids = input('ids', [batch, text], 'i64')
          const start = allText(model.embed(p, ids), input('positions', [batch, text]))
          const tags = { segment: input('segments', [batch, text], 'i64') }
          const { hidden } = model.decode(p, { ...start, tags }, {})
          const targets = input('targets', [batch, text], 'i64')
          return { text: crossEntropy(model.logits(p, hidden), targets, { weights: input('weights', [batch, text]) }) }
        },
        batches: (data) => talks(data, options.size),
      },
      files: {
        'tokenizer.json': options.tokenizerJson,
        'tokenizer_config.json': {
          tokenizer_class: 'PreTrainedTokenizerFast',
          eos_token: '<eos>',
          pad_token: '<pad>',
          model_max_length: config.max_position_embeddings,
        },
        'config.json': config,
      },
    }
  },
}
