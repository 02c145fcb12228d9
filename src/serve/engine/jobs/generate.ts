import { FoveaError } from '../../../errors.ts'
import { measuredReply } from '../../../evaluation/measured-reply.ts'
import { viewGrids } from '../../../pipeline/pictures/kept-views.ts'
import type { AskOptions } from '../../../pipeline/talk/ask-options.ts'
import { sharesPrefixes } from '../../../pipeline/talk/prefixes.ts'
import type { Reply } from '../../../pipeline/talk/reply.ts'
import type { Generated, GenerateJob } from '../job.ts'
import { about } from '../job-error.ts'
import { methodOf } from '../method-choice.ts'
import type { Opened } from '../opened.ts'
import { drawOverlays } from '../overlays.ts'
import { type ReadPicture, readMessages } from '../pictures.ts'
import { reweighOf } from '../reweigh.ts'
import { reportToken } from '../token-report.ts'
import type { Work } from '../work.ts'

/** Answers a conversation. Throws ParamError and FoveaError for what it is refused for. */
export async function generate(opened: Opened, job: GenerateJob, work: Work): Promise<Generated> {
  const { model } = opened
  const method = await methodOf(job.method)
  const options = await askOptions(opened, job, work)
  const { messages, pictures } = await readMessages(job.messages)
  const asked = { messages, method, ...options }
  const reply = await about('messages', () => (job.isMeasured ? measuredReply(model, asked) : model.generate(asked)))
  const overlays = job.overlay ? await drawOverlays(model.parts, { pictures, method, kept: reply.kept }) : undefined
  const alone = pictures.length === 1
  const views = pictures.map(({ image }) => viewGrids(model.parts, { image, method, alone }))
  const isKept = model.prefixes !== undefined && sharesPrefixes(method, model.parts.architecture)
  return { ...generated(reply, { pictures, method: method.name, isKept }), views, ...(overlays && { overlays }) }
}

async function askOptions(
  opened: Opened,
  job: GenerateJob,
  { signal, tell }: Work,
): Promise<Omit<AskOptions, 'rawPrompt'>> {
  const { parts } = opened.model
  const { bias: _, presencePenalty: __, frequencyPenalty: ___, ...sampling } = job.sampling
  const form = job.form && (await about('response_format', async () => opened.forms.find(job.form!)))
  return {
    ...sampling,
    ...(form && { allowed: form.answer() }),
    reweigh: reweighOf(job.sampling, parts.architecture.language.vocabulary),
    signal,
    onPrefill: () => tell({ type: 'reading' }),
    ...(job.logprobs !== undefined && { onToken: tokenTeller(opened, job, tell) }),
    onText: (text) => tell({ type: 'text', text }),
  }
}

/** The token that ends an answer is no part of it. */
function tokenTeller({ model: { parts } }: Opened, { sampling, logprobs = 0 }: GenerateJob, tell: Work['tell']) {
  return (id: number, logits: Float32Array) => {
    if (parts.eosIds.includes(id) && !sampling.ignoreEos) return
    tell({ type: 'token', token: reportToken(parts.tokenizer, id, logits, logprobs) })
  }
}

interface Answered {
  readonly pictures: readonly ReadPicture[]
  readonly method: string
  /** Whether its prompt is kept for later ones. */
  readonly isKept: boolean
}

function generated(reply: Reply, { pictures, method, isKept }: Answered): Omit<Generated, 'views'> {
  const { text, finishReason, tokens, milliseconds, flops, kept, passage, speculation } = reply
  if (finishReason === 'aborted') throw new FoveaError('request_aborted', 'usage', 'the client went away')
  return {
    text,
    finishReason,
    method,
    tokens: tokensOf(tokens, isKept),
    keepsPrefix: isKept,
    milliseconds,
    flops,
    ...(speculation && { speculation }),
    images: pictures.map(({ used }) => used),
    patches: (passage?.patches ?? []).map((tokens) => tokens.map((token) => (Number.isNaN(token) ? -1 : token))),
    steps: passage?.steps ?? [],
    kept: kept.map((patches) => patches.flatMap((isKept, patch) => (isKept ? [patch] : []))),
  }
}

/** A picture that is cached counts as the tokens that it is. */
function tokensOf({ text, reused, generated, visual }: Reply['tokens'], isKept: boolean): Generated['tokens'] {
  const { before, after, last, layers } = visual
  const prompt = text + (reused?.text ?? 0) + after
  const cached = (reused?.text ?? 0) + (reused?.visual ?? 0)
  const counts = { before, after, last, ...(layers && { layers }) }
  return { prompt, text, cached, written: isKept ? prompt - cached : 0, generated, visual: counts }
}
