/** A benchmark as one HTML file that needs nothing else, and as Markdown. */
import { escapeMarkup } from '../reports/markup.ts'
import { isBaseline } from './arms.ts'
import { galleryHtml } from './gallery.ts'
import { type Axis, FLOPS, paretoPlot, TOKENS, TTFT } from './pareto-plot.ts'
import type { BenchRun } from './run.ts'
import { columnsOf, csvOf } from './table.ts'

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:80rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0;font-size:13px}th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #ddd;vertical-align:top}
td+td{white-space:nowrap;font-variant-numeric:tabular-nums}.wide{overflow-x:auto}.holds{color:#00694b}.fails{color:#b3200e}tr.baseline td{color:#666}
svg{max-width:100%;height:auto}footer{color:#666;margin-top:2rem}.gallery td{text-align:center}`

const AXES: readonly Axis[] = [TOKENS, FLOPS, TTFT]

export async function benchHtml(run: BenchRun): Promise<string> {
  const { points, facts, gallery } = run
  const columns = columnsOf(points)
  const csv = `data:text/csv;base64,${Buffer.from(csvOf(points)).toString('base64')}`
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Visual token reducers</title><style>${style}</style></head><body>`,
    '<h1>Visual token reducers</h1>',
    ...factLines(run).map((line) => `<p>${escapeMarkup(line)}</p>`),
    ...AXES.map((axis) => paretoPlot(points, axis))
      .filter(Boolean)
      .map((plot) => `<figure>${plot}</figure>`),
    `<p><a download="bench.csv" href="${csv}">All figures as CSV</a></p>`,
    '<div class="wide"><table>',
    `<tr>${columns.map(({ name }) => `<th>${escapeMarkup(name)}</th>`).join('')}</tr>`,
    ...points.map(
      (point) =>
        `<tr${isBaseline(point) ? ' class="baseline"' : ''}>${columns.map(({ text }) => `<td>${escapeMarkup(text(point))}</td>`).join('')}</tr>`,
    ),
    '</table></div>',
    await galleryHtml(facts, gallery),
    `<footer>${escapeMarkup(`code ${facts.code}, ${facts.machine}, ${facts.threads} threads, Node ${facts.node}, ${run.date}`)}</footer>`,
    '</body></html>\n',
  ].join('\n')
}

function factLines({ facts, points }: BenchRun): string[] {
  const { model, split, seed, n, tasks, data } = facts
  const asked = data
    ? `questions of one's own (${data.slice(0, 12)}), at most ${n} of each of ${tasks.length} categories`
    : `Fovea World, ${split} split, seed ${seed}, ${n} images for each of ${tasks.length} tasks`
  return [
    `${model}; ${asked}: ${points[0].questions} questions a point. Intervals are 95 %.`,
    'Against: the difference in right answers to the same questions, bootstrapped over images. Random is the mean of three subsets. ' +
      'Where resize fails: right among the questions that the dense model answers and a smaller picture of as many tokens does not. ' +
      'Times stand beside the dense model in the same run, choosing tokens included.',
  ]
}

/** The figures that fit a page, a table for each share. */
export function benchMarkdown(run: BenchRun): string {
  const { points } = run
  const shares = [...new Set(points.map(({ keep }) => keep))]
  const shown = ['method', 'right, %', 'against dense, points', 'against resize', 'against random', 'where resize fails, %', 'local, %', 'global, %', 'tokens, mean', 'FLOPs of prefill, x', 'first token, x of dense'] // biome-ignore format: one list
  const tables = shares.map((keep) => {
    const own = points.filter((point) => point.keep === keep)
    const columns = columnsOf(own).filter(({ name }) => shown.includes(name))
    const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
    const title = keep === undefined ? 'Without a share' : `${Number((100 * keep).toFixed(2))} % of the tokens`
    return [
      `## ${title}`,
      '',
      line(columns.map(({ name }) => name)),
      line(columns.map((_, at) => (at === 0 ? '---' : '--:'))),
      ...own.map((point) => line(columns.map(({ text }) => text(point)))),
    ].join('\n')
  })
  const { date, facts } = run
  const measured = `Measured ${date.slice(0, 10)} by \`fovea bench reduce\` on ${facts.machine}, ${facts.threads} threads; written by \`fovea bench report\`.`
  return `${['# Visual token reducers', measured, ...factLines(run), ...tables].join('\n\n')}\n`
}
