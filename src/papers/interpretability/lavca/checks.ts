/** Exact invariants of encoding, choosing, filtering and composing. */

import { spearman } from '../../../evaluation/linear/correlation.ts'
import { predict, type Rows, ridge } from '../../../evaluation/linear/ridge.ts'
import { Rng } from '../../../world/rng.ts'
import type { Lab } from '../../reports/lab.ts'
import type { Exact } from '../../reports/row.ts'
import { cosine, norm, times } from '../xl-vlms/vectors.ts'
import { compose } from './compose.ts'
import { countInfill } from './infill.ts'
import { filterKeywords, softmax, topImages } from './keywords.ts'
import { bagCosine, tfIdf } from './words.ts'

const CAPTIONS = [
  'a red circle and a blue square',
  'a blue square',
  'a red square and a red circle',
  'a large green star',
]
const HAND = { a: 0.9, b: 0, c: 0.6 }

const beyond = (value: number, allowed: number): number => (Math.abs(value) <= allowed ? 0 : Math.abs(value))

export async function* checks({ seed }: Lab): AsyncGenerator<Exact> {
  yield* encoders(Rng.from(seed, 'lavca'))
  yield* choices(Rng.from(seed, 'lavca pool'))
  yield* sentences()
}

const drawn = (rng: Rng, rows: number, width: number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: width }, () => rng.normal()))

function* encoders(rng: Rng): Generator<Exact> {
  const [x, [w]] = [drawn(rng, 40, 6), drawn(rng, 1, 6)]
  const y = x.map((row) => [row.reduce((sum, value, i) => sum + value * w[i], 3)])
  const clean = ridge(x, y, 1e-9)
  yield {
    name: 'answers without noise: cosine of the fitted weights with the true ones, below 0.999',
    value: beyond(1 - cosine(clean.weights[0], w), 1e-3),
  }
  yield {
    name: 'the same: largest error of a prediction, constant included',
    value: beyond(Math.max(...predict(clean, x).map(([said], n) => Math.abs(said - y[n][0]))), 1e-6),
  }
  yield { name: 'gradient of the ridge loss at its solution', value: beyond(gradientNorm(x, y, 2), 1e-9) }
  yield {
    name: 'length of the weights under an endless strength',
    value: beyond(norm(ridge(x, y, 1e12).weights[0]), 1e-9),
  }
}

/** Length of `X^T (X w - y) + lambda w` where the fit ends, over centred data. */
function gradientNorm(x: Rows, y: Rows, lambda: number): number {
  const fit = ridge(x, y, lambda)
  const errors = predict(fit, x).map(([said], n) => said - y[n][0])
  return norm(
    fit.weights[0].map(
      (weight, i) => lambda * weight + x.reduce((sum, row, n) => sum + (row[i] - fit.centre[i]) * errors[n], 0),
    ),
  )
}

function* choices(rng: Rng): Generator<Exact> {
  const [pool, [w]] = [drawn(rng, 50, 4), drawn(rng, 1, 4)]
  const [own, scaled] = [topImages([...pool, ...pool], w, 20), topImages([...pool, ...pool], times(w, 7), 20)]
  const score = (at: number) => pool[at % 50].reduce((sum, value, i) => sum + value * w[i], 0)
  const worse = own.filter(
    (at, place) =>
      place > 0 && (score(at) > score(own[place - 1]) || (score(at) === score(own[place - 1]) && at < own[place - 1])),
  )
  yield { name: 'best images out of order, or ties not by the lower index', value: worse.length, count: own.length }
  yield {
    name: 'best images that change when the weights are scaled',
    value: own.filter((at, place) => at !== scaled[place]).length,
    count: own.length,
  }
  const shares = softmax(Object.values(HAND), 1)
  const off = [0.466, 0.189, 0.345].map((wanted, at) => beyond(shares[at] - wanted, 5e-4))
  yield { name: 'softmax of three keywords worked by hand: off', value: Math.max(...off) }
  const similarity = (word: string) => HAND[word as keyof typeof HAND]
  const kept = filterKeywords(['a', 'b', 'c'], similarity, { temperature: 1, threshold: 1 / 3, most: 5 })
  yield { name: 'keywords kept otherwise than a, c at a threshold of 1/3', value: Number(kept.join() !== 'a,c') }
  const all = filterKeywords(['a', 'b', 'c'], similarity, { temperature: 1, threshold: 0, most: 5 })
  yield { name: 'keywords ordered otherwise than a, c, b', value: Number(all.join() !== 'a,c,b') }
}

function* sentences(): Generator<Exact> {
  const language = countInfill(CAPTIONS)
  const likes = (wanted: string) => (text: string) => Number(text.split(' ').includes(wanted))
  const pairs = language.vocabulary.flatMap((a) => language.vocabulary.map((b) => [a, b]))
  const lost = pairs.filter(
    (keywords) => !holdsInOrder(compose(keywords, language, likes('star')).split(' '), keywords),
  )
  yield { name: 'sentences without their keywords in order', value: lost.length, count: pairs.length }
  const [plain, blind] = [likes('star'), likes('green')].map((fit) =>
    compose(['red', 'square'], language, fit, { beta: 0 }),
  )
  yield { name: 'sentences that a fit of weight 0 changes', value: Number(plain !== blind) }
  const guided = compose(['circle', 'blue'], language, likes('green'), { beta: 1e6 })
  yield {
    name: 'sentences without the best-fitting word under an endless weight',
    value: Number(!guided.split(' ').includes('green')),
  }
  const bag = tfIdf(CAPTIONS)
  const foretold = (text: string) => CAPTIONS.map((shown) => bagCosine(bag(text), bag(shown)))
  yield {
    name: 'answers foretold by equal sentences: off a correlation of 1',
    value: beyond(1 - spearman(foretold('red circle'), foretold('a red circle')), 1e-9),
  }
}

function holdsInOrder(words: readonly string[], keywords: readonly string[]): boolean {
  let at = -1
  return keywords.every((keyword) => (at = words.indexOf(keyword, at + 1)) >= 0)
}
