/** What the comparison says: tables in Markdown, and ratios that are judged. */
import { median, type Row } from '../row.ts'
import type { Results } from './job.ts'
import { DEPTHS, type LoadTiming, PROMPTS, type QuestionTiming, type TextTiming } from './timing.ts'

const perSecond = (tokens: number, times: readonly number[] = []): number => (1000 * tokens) / median(times)
const seconds = (milliseconds?: number): string =>
  milliseconds === undefined ? '' : `${(milliseconds / 1000).toFixed(2)} s`
const mebibytes = (bytes?: number): string => (bytes === undefined ? '' : `${(bytes / 2 ** 20).toFixed(0)} MiB`)

function table(head: readonly string[], lines: readonly (readonly string[])[]): string[] {
  if (lines.length === 0) return []
  return [...[head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`), '']
}

const TEXT_HEAD = [
  'engine',
  ...PROMPTS.map((n) => `prefill ${n}`),
  ...DEPTHS.map((n) => `decode at ${n}`),
  'one view',
  'peak memory',
]
const textLine = ({ engine, prefill, decode, vision, memory }: TextTiming): string[] => [
  engine,
  ...PROMPTS.map((n) => `${perSecond(n, prefill[n]).toFixed(0)} tokens/s`),
  ...DEPTHS.map((n) => `${perSecond(1, decode[n]).toFixed(1)} tokens/s`),
  vision ? `${median(vision).toFixed(0)} ms` : '',
  mebibytes(memory),
]

const QUESTION_HEAD = ['engine', 'method', 'views', 'visual tokens', 'text', 'TTFT', 'cutting', 'vision', 'prefill']
const questionLine = ({ engine, method, views, visual, last, text, ttft, stages, parts }: QuestionTiming) => [
  engine,
  method,
  String(views),
  visual === last ? String(visual) : `${visual}, ${last} in the last layer`,
  String(text),
  `${parts ? 'about ' : ''}${seconds(median(ttft))}`,
  ...(['preprocess', 'vision', 'prefill'] as const).map((stage) => seconds(stages[stage])),
]

const loadLine = ({ engine, cold, coldMemory, warm }: LoadTiming): string[] => [
  engine,
  seconds(cold),
  mebibytes(coldMemory),
  seconds(warm),
]

/** The tables of one model, those that have lines. */
export function tables({ texts, questions, loads }: Results): string[] {
  return [
    ...table(QUESTION_HEAD, questions.map(questionLine)),
    ...table(TEXT_HEAD, texts.map(textLine)),
    ...table(['engine', 'cold load', 'peak memory of it', 'warm load'], loads.map(loadLine)),
  ]
}

type Times = readonly number[] | undefined

/** The fastest of some timings. */
function best<T>(timings: readonly T[], times: (timing: T) => Times): { timing: T; ms: number } | undefined {
  const known = timings.flatMap((timing) => {
    const found = times(timing)
    return found ? [{ timing, ms: median(found) }] : []
  })
  return known.reduce<(typeof known)[number] | undefined>((a, b) => (a && a.ms <= b.ms ? a : b), undefined)
}

const isOurs = ({ engine }: { readonly engine: string }): boolean => engine.startsWith('Fovea')

function textRatio(
  texts: readonly TextTiming[],
  what: string,
  peer: string,
  atLeast: number,
  times: (timing: TextTiming) => Times,
): Row[] {
  const ours = best(texts.filter(isOurs), times)
  const theirs = best(
    texts.filter(({ engine }) => engine === peer),
    times,
  )
  if (!ours || !theirs) return []
  const name = `${what} over ${peer}`
  return [{ name, value: theirs.ms / ours.ms, unit: 'x', target: { atLeast }, note: ours.timing.engine }]
}

/** A quarter, and the few tokens that end rows. */
const isQuarter = ({ visual, last, views }: QuestionTiming, dense?: QuestionTiming): boolean =>
  dense !== undefined && views === dense.views && Math.min(visual, last) <= 0.27 * dense.visual

/** The fastest of a peer: as it was measured, else as the sum of its parts. */
function densePeer(questions: readonly QuestionTiming[], peer: string) {
  const all = questions.filter(({ engine }) => engine.startsWith(peer))
  const whole = all.filter(({ parts }) => !parts)
  return best(whole.length ? whole : all, ({ ttft }) => ttft)
}

function questionRatio(questions: readonly QuestionTiming[], peer: string, atLeast?: number): Row[] {
  const ours = questions.filter(isOurs)
  const dense = ours.find(({ method }) => method === 'dense')
  const theirs = densePeer(questions, peer)
  if (!theirs) return []
  const against = `${theirs.timing.engine} dense${theirs.timing.parts ? ', put together' : ''}`
  const row = (what: string, timings: readonly QuestionTiming[], target?: Row['target']): Row[] => {
    const found = best(timings, ({ ttft }) => ttft)
    if (!found) return []
    const note = `${found.timing.engine}, ${found.timing.method}`
    return [{ name: `${what} over ${against}`, value: theirs.ms / found.ms, unit: 'x', target, note }]
  }
  return [
    ...row(
      'TTFT at 25 % of the visual tokens',
      ours.filter((each) => isQuarter(each, dense)),
      atLeast ? { atLeast } : undefined,
    ),
    ...row(
      'TTFT, dense',
      ours.filter(({ method }) => method === 'dense'),
    ),
  ]
}

/** What the project aims at: its fastest setting over each peer. */
export function ratios({ texts, questions }: Results): Row[] {
  return [
    ...questionRatio(questions, 'llama.cpp', 4),
    ...questionRatio(questions, 'PyTorch'),
    ...textRatio(texts, 'prefill at 800', 'llama.cpp Q4_0', 1.8, ({ prefill }) => prefill[800]),
    ...textRatio(texts, 'prefill at 800', 'llama.cpp Q8_0', 3, ({ prefill }) => prefill[800]),
    ...textRatio(texts, 'decode at depth 800', 'llama.cpp Q4_0', 2, ({ decode }) => decode[800]),
    ...textRatio(texts, 'decode at depth 0', 'llama.cpp Q4_0', 0.9, ({ decode }) => decode[0]),
    ...textRatio(texts, 'image encode', 'PyTorch fp32', 2, ({ vision }) => vision),
    ...textRatio(
      texts.filter(({ engine }) => !isOurs({ engine }) || engine === 'Fovea fp32'),
      'image encode in fp32',
      'PyTorch fp32',
      1,
      ({ vision }) => vision,
    ),
  ]
}
