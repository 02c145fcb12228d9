import { FoveaError } from '../../../errors.ts'
import { measuredReply } from '../../../evaluation/measured-reply.ts'
import type { AskOptions } from '../../../pipeline/talk/ask-options.ts'
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
  return { ...generated(reply, pictures, method.name), ...(overlays && { overlays }) }
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

function generated(reply: Reply, pictures: readonly ReadPicture[], method: string): Generated {
  const { text, finishReason, tokens, milliseconds, flops, kept, speculation } = reply
  if (finishReason === 'aborted') throw new FoveaError('request_aborted', 'usage', 'the client went away')
  return {
    text,
    finishReason,
    method,
    tokens: {
      ...tokens,
      visual: { before: tokens.visual.before, after: tokens.visual.after, last: tokens.visual.last },
    },
    milliseconds,
    flops,
    ...(speculation && { speculation }),
    images: pictures.map(({ used }) => used),
    kept: kept.map((patches) => patches.flatMap((isKept, patch) => (isKept ? [patch] : []))),
  }
}
