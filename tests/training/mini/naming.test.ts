import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { llava } from '../../../src/models/vlm/llava.ts'
import { createScope } from '../../../src/nn/index.ts'
import { evaluate, input, type Tensor } from '../../../src/tensor/index.ts'
import { ndarray } from '../../../src/tensor/ndarray.ts'
import { createTokenizer } from '../../../src/text/tokenizer.ts'
import { namingLosses } from '../../../src/training/mini/naming.ts'
import { Rng, THINGS, tongueOf } from '../../../src/world/index.ts'
import { tinyConfig } from '../../pipeline/tiny-model.ts'

const tokenizer = createTokenizer(JSON.parse(readFileSync('models/fovea-mini/tokenizer.json', 'utf8')))
const vocabulary = { size: tokenizer.vocabSize, encode: (text: string) => tokenizer.encode(text) }
const WIDTH = 32

/** A table of random rows, and the mean row of a name within a sentence, less what all names have in common. */
const rng = Rng.from(1, 'words')
const table = Array.from({ length: vocabulary.size * WIDTH }, () => rng.normal())
const meanRow = (text: string): number[] => {
  const ids = vocabulary.encode(` ${text}`)
  return Array.from({ length: WIDTH }, (_, c) => ids.reduce((sum, id) => sum + table[id * WIDTH + c], 0) / ids.length)
}

/** The losses where the tokens are these, and the words said at them have these logits. */
function lossesOf(tokens: readonly number[], labels: readonly number[], said: readonly number[] = []) {
  const p = createScope()
  const n = labels.length
  const [shown, label] = [input('tokens', [1, n, WIDTH]), input('label', [1, n], 'i64')]
  const logits = input('said', [1, n, vocabulary.size])
  const architecture = llava.bind({ ...tinyConfig(vocabulary.size) })
  const found = namingLosses(p, architecture, { tokens: shown, hidden: shown, label }, () => logits, vocabulary)
  const values = new Map<Tensor, ReturnType<typeof ndarray>>([
    [shown, ndarray([1, n, WIDTH], [...tokens])],
    [label, ndarray([1, n], [...labels])],
    [logits, ndarray([1, n, vocabulary.size], said.length > 0 ? [...said] : new Array(n * vocabulary.size).fill(0))],
    ...[...p.parameters.values()].map((leaf) => [leaf, ndarray(leaf.shape.map(Number), table)] as const),
  ])
  const [meaning, saying] = evaluate([found.meaning, found.saying], values).map(({ data }) => Number(data[0]))
  return { meaning, saying }
}

const some = [3, 40, 77]
const labels = some.map((thing) => thing + 1)
const named = (language: string) =>
  some.flatMap((thing) => meanRow(tongueOf(language).phrase({ name: THINGS[thing].name }).text))

it('is low where a token lies at the name of its thing, in each language, and high at another name', () => {
  const both = named('en').map((value, at) => value + named('es')[at])
  const right = lossesOf(both, labels).meaning
  const wrong = lossesOf([...both.slice(WIDTH), ...both.slice(0, WIDTH)], labels).meaning
  expect(right).toBeLessThan(wrong - 1)
})

it('is low where the name would be said, and does not ask where nothing is', () => {
  const firsts = some.map((thing) => vocabulary.encode(THINGS[thing].name)[0])
  const said = firsts.flatMap((id) => Array.from({ length: vocabulary.size }, (_, at) => (at === id ? 20 : 0)))
  expect(lossesOf(named('en'), labels, said).saying).toBeLessThan(1e-3)
  const withNone = [...said, ...new Array(vocabulary.size).fill(0)]
  const [tokens, none] = [
    [...named('en'), ...new Array(WIDTH).fill(1)],
    [...labels, 0],
  ]
  expect(lossesOf(tokens, none, withNone).saying).toBeLessThan(1e-3)
  expect(lossesOf(tokens, none).meaning).toBeCloseTo(lossesOf(named('en'), labels).meaning, 4)
})
