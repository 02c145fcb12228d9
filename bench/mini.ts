import { parseMethod } from '../src/papers/methods.ts'
import type { Model } from '../src/pipeline/model.ts'
import type { Reply } from '../src/pipeline/talk/reply.ts'
import { picture } from '../tests/pipeline/tiny-model.ts'
import { withMini } from './mini-model.ts'
import { type Benchmark, median, type Row } from './row.ts'

const TOKENS = 32
const WARMUP = 2

/** Every picture is drawn once: methods that leave the vision side alone share its cached results. */
let pictures = 0

/** Answers about images that the model has not seen yet. */
async function replies(model: Model, method: string, count: number): Promise<Reply[]> {
  const all: Reply[] = []
  for (let i = 0; i < WARMUP + count; i++) {
    const images = [picture(pictures++, 96, 96)]
    const prompt = 'how many red circles are there?'
    all.push(await model.generate({ prompt, images, method: parseMethod(method), maxTokens: TOKENS }))
  }
  return all.slice(WARMUP)
}

/** FLOP/s of the parts of an answer over the peak of the machine. */
export const prefill: Benchmark = {
  name: 'prefill',
  measure: ({ peak, repeat }) =>
    withMini(async (model) => {
      const all = await replies(model, 'dense', repeat)
      const best = await peak()
      return (['vision', 'prefill'] as const).map((stage): Row => {
        const speeds = all.map(({ flops, milliseconds }) => flops[stage] / milliseconds[stage] / 1e6)
        const name = `mini, ${stage === 'vision' ? 'vision encoder' : stage}: FLOP/s over peak`
        return { name, value: median(speeds) / best, unit: 'x', note: `${median(speeds).toFixed(1)} GFLOP/s` }
      })
    }),
}

const REDUCED = ['fastv:keep=.25', 'visionzip:keep=.25', 'random:keep=.25', 'resize:keep=.25']

/** Time to the first token and speed of decoding, dense and with a quarter of the visual tokens. */
export const methods: Benchmark = {
  name: 'methods',
  measure: ({ repeat }) =>
    withMini(async (model) => {
      const dense = summarise(await replies(model, 'dense', repeat))
      const rows = rowsOf('dense', dense)
      for (const method of REDUCED) rows.push(...rowsOf(method, summarise(await replies(model, method, repeat)), dense))
      return rows
    }),
}

interface Speed {
  readonly ttft: number
  readonly decode: number
}

/** The last token is not fed back, so one step fewer than tokens. */
const summarise = (all: readonly Reply[]): Speed => ({
  ttft: median(all.map((reply) => reply.milliseconds.ttft)),
  decode: median(all.map(({ tokens, milliseconds }) => ((tokens.generated - 1) / milliseconds.decode) * 1000)),
})

function rowsOf(method: string, { ttft, decode }: Speed, dense?: Speed): Row[] {
  const times = (ratio: number) => `${ratio.toFixed(2)} x as fast as dense`
  return [
    { name: `mini, TTFT, ${method}`, value: ttft, unit: 'ms', ...(dense && { note: times(dense.ttft / ttft) }) },
    {
      name: `mini, decode, ${method}`,
      value: decode,
      unit: 'tokens/s',
      ...(dense && { note: times(decode / dense.decode) }),
    },
  ]
}
