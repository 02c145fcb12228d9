import { dirname, join } from 'node:path'
import { Option } from 'commander'
import { makeFolder } from '../../checkpoints/make-folder.ts'
import { FoveaError } from '../../errors.ts'
import { ANSWER_FORMS, type AnswerForm } from '../../evaluation/own/write-answers.ts'
import { tasksOf } from '../../evaluation/world.ts'
import { armName, everyReducer } from '../../papers/bench/arms.ts'
import type { Compared } from '../../papers/bench/compare.ts'
import type { Point } from '../../papers/bench/points.ts'
import { command } from '../command.ts'
import { writeOutput } from '../output-file.ts'
import { integer, number } from '../parsers.ts'
import { progressView } from '../progress.ts'
import { note, print, table } from '../terminal.ts'

interface ReduceFlags {
  method: string[]
  keep: number[]
  ids?: 'keep' | 'pack'
  task: string[]
  data?: string
  n: number
  seed: number
  rounds: number
  model?: string
  threads?: number
  out: string
  quick?: boolean
  json?: boolean
}

const append = <T>(value: T, before: readonly T[]): T[] => [...before, value]

const reduce = command<ReduceFlags>({
  name: 'reduce',
  summary:
    'Measure methods at several shares of the visual tokens, beside dense, random and resize; goes on where it stopped',
  examples: [
    'fovea bench reduce --method fastv --method visionzip',
    'fovea bench reduce --method divprune --keep .25 --quick',
    'fovea bench reduce --task read --task count --n 200 --out runs/bench/details',
    'fovea bench reduce --data questions.tsv --method divprune --keep .25 --out runs/bench/mine',
    'fovea bench reduce --method fastv:layer=3 --method fastv:layer=1 --json > points.jsonl',
  ],
  configure: (program) =>
    program
      .option(
        '--method <method>',
        'may be given again; every reducer of pictures that takes a share, if not given',
        append<string>,
        [],
      )
      .option(
        '--keep <share>',
        'of the visual tokens; may be given again (.5, .25, .125, if not given)',
        (text: string, before: number[]) => append(number(0, 1)(text), before),
        [],
      )
      .addOption(
        new Option(
          '--ids <policy>',
          'positions of tokens that stay, for all methods (as each has it, if not given)',
        ).choices(['keep', 'pack']),
      )
      .option('--task <task>', 'only this task; may be given again', append<string>, [])
      .option(
        '--data <path>',
        'questions of your own: a folder, JSON lines (also as lmms-eval logs them), or a table of VLMEvalKit',
      )
      .option('--n <count>', 'images per task, or questions of each category', integer(2), 40)
      .option('--seed <number>', 'other questions', integer(), 1)
      .option(
        '--rounds <count>',
        'rounds in which times are taken, each beside the dense model; 0: none',
        integer(0),
        12,
      )
      .option('--model <name>', 'another model than fovea-mini')
      .option('--threads <count>', 'of the engine (all cores, if not given)', integer(1))
      .option('--out <folder>', 'where answers and the result are kept', 'runs/bench/reduce')
      .option('--quick', 'four images per task and four rounds, in a folder of its own')
      .option('--json', 'print each point as a JSON object on its line'),
  finishes: true,
  run: async ({ options, signal }) => {
    const { benchReduce } = await import('../../papers/bench/run.ts')
    const { method, keep, task, quick, json, ...rest } = options
    const small = quick ? { n: 4, rounds: 4, out: `${options.out}-quick` } : {}
    const bar = progressView('bench   ', 50)
    const run = benchReduce({
      ...rest,
      ...small,
      methods: method.length > 0 ? method : await everyReducer(),
      keeps: keep.length > 0 ? keep : [0.5, 0.25, 0.125],
      ...(task.length > 0 && { tasks: rest.data === undefined ? inOrder(task) : task }),
      signal,
      onProgress: (done, total, status) => bar.update(done, total, status),
    })
    try {
      for (;;) {
        const { value, done } = await run.next()
        bar.stop()
        if (done) return end(value !== undefined, small.out ?? options.out)
        print(json ? JSON.stringify(value) : pointLine(value))
      }
    } finally {
      bar.stop()
    }
  },
})

/** Tasks in the order of reports. */
function inOrder(tasks: readonly string[]): readonly string[] {
  const known = tasksOf('world')
  const unknown = tasks.find((task) => !known.includes(task))
  if (unknown === undefined) return known.filter((task) => tasks.includes(task))
  throw new FoveaError('unknown_task', 'usage', `there is no task "${unknown}"; tasks: ${known.join(', ')}`)
}

function end(isFinished: boolean, out: string): void {
  if (isFinished) note(`wrote ${out}/bench.json; a page of it: fovea bench report ${out}`)
  else note(`stopped; the same command goes on from here: fovea ${process.argv.slice(2).join(' ')}`)
}

const percent = (share: number): string => (100 * share).toFixed(1)

function pointLine(point: Point): string {
  const { accuracy, against, timing, flops } = point
  const facts = [
    `${percent(accuracy.share)} % right`,
    ...(against.resize ? [`${signed(against.resize.mean)} against resize`] : []),
    ...(against.random ? [`${signed(against.random.mean)} against random`] : []),
    `FLOPs x ${flops.toFixed(2)}`,
    ...(timing ? [`first token x ${timing.ttft[0].toFixed(2)}`] : []),
  ]
  return `${armName(point).padEnd(26)} ${facts.join(', ')}`
}

const signed = (share: number): string => `${share < 0 ? '' : '+'}${percent(share)}`

interface ReportFlags {
  out?: string
  markdown?: string
  csv?: string
  answers?: string
  form: AnswerForm
}

const report = command<ReportFlags>({
  name: 'report',
  summary: 'Write the result of a benchmark as one HTML file: plots, tables, what was kept',
  examples: [
    'fovea bench report runs/bench/reduce',
    'fovea bench report runs/bench/reduce --out reducers.html --markdown reducers.md --csv reducers.csv',
    'fovea bench report runs/bench/reduce --answers runs/bench/answers --form lmms-eval',
  ],
  configure: (program) =>
    program
      .argument('[folder]', 'of the benchmark', 'runs/bench/reduce')
      .option('--out <file>', 'the page (report.html in the folder, if not given)')
      .option('--markdown <file>', 'its tables as Markdown, too')
      .option('--csv <file>', 'all figures as CSV, too')
      .option('--answers <folder>', 'every answer of each method, too, in the form of another harness')
      .addOption(
        new Option('--form <form>', 'of these: tables of results of VLMEvalKit, or samples of lmms-eval')
          .choices(ANSWER_FORMS)
          .default('vlmevalkit'),
      ),
  run: async ({ args: [folder], options }) => {
    const { readAnswers, readBench } = await import('../../papers/bench/run.ts')
    const { benchHtml, benchMarkdown } = await import('../../papers/bench/report.ts')
    const { csvOf } = await import('../../papers/bench/table.ts')
    const run = await readBench(folder as string)
    const files = [
      [options.out ?? `${folder}/report.html`, await benchHtml(run)],
      [options.markdown, benchMarkdown(run)],
      [options.csv, csvOf(run.points)],
    ] as const
    for (const [path, text] of files) {
      if (path === undefined) continue
      await writeOutput(path, new TextEncoder().encode(text))
      print(path)
    }
    if (options.answers === undefined) return
    const { answerFiles } = await import('../../papers/bench/answer-files.ts')
    const answers = answerFiles(run, await readAnswers(folder as string, run), options.form)
    for (const [name, text] of answers) {
      const path = join(options.answers, name)
      await makeFolder(dirname(path))
      await writeOutput(path, new TextEncoder().encode(text))
    }
    print(options.answers)
  },
})

const compare = command<{ json?: boolean }>({
  name: 'compare',
  summary: 'Set two benchmarks of the same questions side by side, paired',
  examples: ['fovea bench compare runs/bench/before runs/bench/after'],
  configure: (program) =>
    program
      .argument('<first>', 'folder of a benchmark')
      .argument('<second>', 'folder of another')
      .option('--json', 'print one JSON object'),
  run: async ({ args: [first, second], options }) => {
    const { compareBenches } = await import('../../papers/bench/compare.ts')
    const found = await compareBenches(first as string, second as string)
    if (options.json) return print(JSON.stringify(found))
    print(table(['method', '>second above first, points', '>first token, x of dense'], found.rows.map(comparedRow)))
    if (found.alone.length > 0) note(`only in one of them: ${found.alone.join(', ')}`)
    if (found.apart.length > 0) note(`times are not set side by side: ${found.apart.join('; ')}`)
  },
})

function comparedRow(row: Compared): string[] {
  const { accuracy, ttft } = row
  const points = `${signed(accuracy.mean)} (${signed(accuracy.low)} to ${signed(accuracy.high)})`
  return [armName(row), points, ttft ? `${ttft[0].toFixed(3)}, then ${ttft[1].toFixed(3)}` : '']
}

export const benchCommand = command({
  name: 'bench',
  summary: 'Benchmark methods against each other',
  examples: ['fovea bench reduce --method fastv --quick', 'fovea bench report', 'fovea bench compare A B'],
  subcommands: [reduce as never, report as never, compare as never],
})
