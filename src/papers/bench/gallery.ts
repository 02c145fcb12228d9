/** Which patches methods keep of a few pictures, as pictures. */
import { worldItem } from '../../evaluation/world.ts'
import { pngOf } from '../../media/canvas-node.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import { SPLIT } from '../reports/lab.ts'
import { escapeMarkup } from '../reports/markup.ts'
import type { BenchFacts } from './facts.ts'

/** What a method kept of a picture, 1 or 0 for each patch in raster order, and what it answered. */
export interface Shown {
  readonly kept: readonly number[]
  readonly reply: string
  readonly correct: boolean
}

/** Pictures of these tasks. */
const TASKS = ['read', 'count', 'relation']

/** The picture that the gallery shows of each task. */
const INDEX = 0

/** None of one's own questions: their pictures are not in the result. */
export const galleryTasks = ({ tasks, data }: Pick<BenchFacts, 'tasks' | 'data'>): readonly string[] =>
  data === undefined ? TASKS.filter((task) => tasks.includes(task)) : []

export async function shown(model: Model, method: Method, facts: BenchFacts): Promise<Shown[]> {
  const found: Shown[] = []
  for (const task of galleryTasks(facts)) {
    const { image, turns } = await worldItem({ set: 'world', split: SPLIT, seed: facts.seed }, task, INDEX)
    const [{ question, answer }] = turns
    const { kept, text } = await model.generate({ prompt: question, images: [image], method, temperature: 0 })
    found.push({ kept: kept[0], reply: text, correct: text.trim() === answer })
  }
  return found
}

/** A table: a column for each picture, a row for each method. */
export async function galleryHtml(
  facts: BenchFacts,
  rows: readonly { readonly name: string; readonly shown: readonly Shown[] }[],
): Promise<string> {
  const { seed } = facts
  const chosen = galleryTasks(facts)
  if (chosen.length === 0 || rows.length === 0) return ''
  const items = await Promise.all(chosen.map((task) => worldItem({ set: 'world', split: SPLIT, seed }, task, INDEX)))
  // Each picture stands once in the page, however many methods are shown on it.
  const pngs = await Promise.all(items.map(async ({ image }) => Buffer.from(await pngOf(image)).toString('base64')))
  const pictures = pngs.map(
    (png, at) => `<image id="picture-${at}" href="data:image/png;base64,${png}" width="${SIZE}" height="${SIZE}"/>`,
  )
  const heads = items.map(
    ({ turns: [{ question, answer }] }) => `<th>${escapeMarkup(question)}<br><b>${escapeMarkup(answer)}</b></th>`,
  )
  const line = ({ name, shown }: (typeof rows)[number]) =>
    `<tr><td>${escapeMarkup(name)}</td>${shown.map((each, at) => `<td>${picture(at, each)}</td>`).join('')}</tr>`
  return [
    '<h2>What is kept</h2>',
    `<svg width="0" height="0"><defs>${pictures.join('')}</defs></svg>`,
    '<table class="gallery">',
    `<tr><th></th>${heads.join('')}</tr>`,
    ...rows.map(line),
    '</table>',
  ].join('\n')
}

const SIZE = 144

function picture(at: number, { kept, reply, correct }: Shown): string {
  const side = Math.round(Math.sqrt(kept.length))
  const cell = SIZE / side
  const dark = kept.flatMap((stays, at) =>
    stays || side * side !== kept.length
      ? []
      : `<rect x="${((at % side) * cell).toFixed(2)}" y="${(Math.floor(at / side) * cell).toFixed(2)}" width="${cell.toFixed(2)}" height="${cell.toFixed(2)}"/>`,
  )
  return (
    `<svg viewBox="0 0 ${SIZE} ${SIZE}" width="${SIZE}" role="img" aria-label="kept patches"><use href="#picture-${at}"/>` +
    `<g fill="#111" fill-opacity=".72">${dark.join('')}</g></svg><br><span class="${correct ? 'holds' : 'fails'}">${escapeMarkup(reply)}</span>`
  )
}
