/** A report as one HTML file that needs nothing else: the rows as tables, claims and their intervals as pictures. */
import type { Paper } from '../paper.ts'
import { formatBaseline, formatInterval, formatPaper, formatState, formatValue, formatVerdict } from './format.ts'
import { intervalPlot } from './interval-plot.ts'
import { escapeMarkup } from './markup.ts'
import type { PaperResults, PartResult } from './results.ts'
import { PARTS, type Row } from './row.ts'
import type { Standing } from './standing.ts'

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}
td.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}.holds{color:#00694b}.fails{color:#b3200e}.undecided{color:#8a6100}
svg{max-width:100%;height:auto}footer{color:#666;margin-top:2rem}`

/** The whole page: claim beside measurement, part by part. */
export function reportHtml(entry: Paper, parts: PaperResults['parts'], standing: Standing): string {
  const title = `${entry.name}: ${formatState(standing)}`
  const link = entry.url ? `<p><a href="${escapeMarkup(entry.url)}">${escapeMarkup(entry.title)}</a></p>` : ''
  const notes = [...standing.reasons, ...standing.stale].map((note) => `<li>${escapeMarkup(note)}</li>`)
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${escapeMarkup(title)}</title><style>${style}</style></head><body>`,
    `<h1>${escapeMarkup(title)}</h1>`,
    link,
    `<p>${escapeMarkup(entry.summary)}</p>`,
    notes.length > 0 ? `<ul>${notes.join('')}</ul>` : '',
    ...PARTS.flatMap((part) => (parts[part] ? [sectionOf(part, parts[part])] : [])),
    '</body></html>\n',
  ].join('\n')
}

function sectionOf(part: string, { rows, date, version, model, split, seed, n }: PartResult): string {
  const head = ['what', 'measured', '95 % interval', 'baseline', 'paper', 'verdict'].map((name) => `<th>${name}</th>`)
  const facts = `${model}, ${split} split, seed ${seed}, ${n} images a task; fovea ${version}, ${date}`
  return [
    `<h2>${part}</h2>`,
    `<table><tr>${head.join('')}</tr>`,
    ...(rows as Row[]).map(rowHtml),
    '</table>',
    intervalPlot(rows as Row[]),
    `<footer>${escapeMarkup(facts)}</footer>`,
  ].join('\n')
}

function rowHtml(row: Row): string {
  const verdict = row.holds === undefined ? '' : row.holds === true ? 'holds' : row.holds ? 'undecided' : 'fails'
  const texts = [formatBaseline(row), formatPaper(row)].map((text) => `<td>${escapeMarkup(text)}</td>`)
  const numbers = [formatValue(row.value, row.unit), formatInterval(row)]
  return [
    `<tr><td>${escapeMarkup(row.name)}</td>`,
    ...numbers.map((text) => `<td class="number">${escapeMarkup(text)}</td>`),
    ...texts,
    `<td class="${verdict}">${escapeMarkup(formatVerdict(row))}</td></tr>`,
  ].join('')
}
