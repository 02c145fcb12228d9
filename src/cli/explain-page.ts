/** An explanation as one HTML file that needs nothing else: pictures under what each word looks at, and curves. */
import { basename } from 'node:path'
import type { RgbImage } from '../media/image.ts'
import { escapeMarkup } from '../papers/reports/markup.ts'
import type { Explanation, Said } from '../pipeline/explain/explain.ts'
import type { ViewGrid } from '../pipeline/pictures/kept-views.ts'
import { EXPLAIN_SCRIPT, EXPLAIN_STYLE } from './explain-script.ts'

export interface ExplainedImage {
  readonly image: RgbImage
  /** As a PNG. */
  readonly png: Uint8Array
  readonly views: readonly ViewGrid[]
}

export interface PageFacts {
  readonly question: string
  readonly model: string
  readonly method: string
}

export function explainPage(facts: PageFacts, explanation: Explanation, images: readonly ExplainedImage[]): string {
  const { reply, answer, words, asked, layers } = explanation
  const title = `${facts.question}: ${reply.text.trim()}`
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${escapeMarkup(title)}</title><style>${EXPLAIN_STYLE}</style></head><body>`,
    `<h1>${escapeMarkup(facts.question)}</h1><p class="answer">${escapeMarkup(reply.text.trim())}</p>`,
    `<p class="facts">${escapeMarkup(`${basename(facts.model)}, ${facts.method}, ${reply.tokens.visual.after} visual tokens`)}</p>`,
    `<div class="words">${words.map(({ text }, at) => chip(text, at, at >= asked)).join('')}</div>`,
    `<p>${choice('attention', 'what the word looks at, in layer', !explanation.relevance)}`,
    `<input id="layer" type="range" min="0" max="${layers.length - 1}" value="${layers.length - 1}"> <output id="shown"></output><br>`,
    explanation.relevance
      ? `${choice('relevance', 'what the answer rests on, over all layers', true)}</p>`
      : '</p><p class="facts">What the answer rests on is not told: the method drops tokens within the language model.</p>',
    `<div class="pictures">${images.map((image, at) => picture(image, explanation.patches[at])).join('')}</div>`,
    '<h2>How much of its attention each word has on the pictures</h2><svg id="curve" viewBox="0 0 640 200"></svg>',
    '<h2>What each layer would have said</h2>',
    lensTable(answer, layers),
    `<script>const DATA = ${script({ word: asked - 1, ...pageData(explanation) })};${EXPLAIN_SCRIPT}</script></body></html>\n`,
  ].join('\n')
}

/** JSON that no text in it can end the script of. */
const script = (data: unknown): string => JSON.stringify(data).replaceAll('<', '\\u003c')

const choice = (value: string, label: string, checked: boolean): string =>
  `<label><input type="radio" name="what" value="${value}"${checked ? ' checked' : ''}> ${label}</label>`

/** A token as it is seen: blanks and the ends of lines too. */
const visible = (text: string): string => escapeMarkup(text.replaceAll('\n', '⏎')).replace(/^ /, '·') || '∅'

const chip = (text: string, at: number, isAnswer: boolean): string =>
  `<button data-word="${at}"${isAnswer ? ' class="said"' : ''}>${visible(text)}</button>`

/** The image, and on it a rectangle for each patch that has a token. */
function picture({ image, png, views }: ExplainedImage, patches: readonly number[]): string {
  let first = 0
  const cells = views.flatMap(({ rows, columns, box }) => {
    const { left, top, width, height } = box ?? { left: 0, top: 0, width: image.width, height: image.height }
    const [w, h] = [width / columns, height / rows]
    return Array.from({ length: rows * columns }, (_, at) => {
      const token = patches[first++]
      const [x, y] = [left + (at % columns) * w, top + Math.floor(at / columns) * h]
      return Number.isNaN(token) ? '' : `<rect data-token="${token}" ${attributes({ x, y, width: w, height: h })}/>`
    })
  })
  const size = `width="${image.width}" height="${image.height}"`
  const data = Buffer.from(png).toString('base64')
  return `<svg viewBox="0 0 ${image.width} ${image.height}"><image href="data:image/png;base64,${data}" ${size}/>${cells.join('')}</svg>`
}

const attributes = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}="${Number(value.toFixed(2))}"`)
    .join(' ')

/** Attention of each layer and word as bytes, the largest 255, and its share of all that the word looks at. */
function pageData({ layers, relevance }: Explanation) {
  return {
    layers: layers.map(({ layer }) => layer),
    shares: layers.map(({ attention }) => attention.map((row) => round(row.reduce((a, b) => a + b, 0)))),
    attention: layers.map(({ attention }) => attention.map(bytes)),
    ...(relevance && { relevance: bytes(relevance) }),
  }
}

const round = (value: number): number => Number(value.toPrecision(4))

/** In base 64. */
function bytes(values: Float32Array): string {
  const most = values.reduce((a, b) => Math.max(a, b), 0) || 1
  return Buffer.from(Uint8Array.from(values, (value) => Math.round((255 * Math.max(0, value)) / most))).toString(
    'base64',
  )
}

/** A row for each layer, the last first, a column for each token of the answer. */
function lensTable(answer: readonly Said[], layers: Explanation['layers']): string {
  const heads = answer.map(
    ({ text, probability }) => `<th>${visible(text)} <small>${percent(probability)}</small></th>`,
  )
  const rows = layers.map(({ layer }, at) => {
    const cells = answer.map(({ id, lens }) => {
      const [best] = lens[at]
      const others = lens[at].map(({ text, probability }) => `${visible(text)} ${percent(probability)}`).join('\n')
      const style = `background:rgba(0,105,75,${round(0.6 * best.probability)})`
      return `<td title="${others}" style="${style}"${best.id === id ? ' class="said"' : ''}>${visible(best.text)}</td>`
    })
    return `<tr><th>${layer + 1}</th>${cells.join('')}</tr>`
  })
  return `<table><tr><th>layer</th>${heads.join('')}</tr>${rows.reverse().join('')}</table>`
}

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`
