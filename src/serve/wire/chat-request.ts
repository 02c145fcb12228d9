import type { AnswerForm, GenerateJob, JobMessage, Sampling } from '../engine/job.ts'
import { badParam } from '../engine/job-error.ts'
import { LIMITS } from '../limits.ts'
import { type Frame, jobMessages } from './messages.ts'
import type { ChatBody } from './schemas.ts'
import { type Toolbox, withTools } from './tools.ts'

/** What is said in a chat request. */
export type Said = Pick<ChatBody, 'messages' | 'mm_processor_kwargs' | 'tools'> & Partial<Pick<ChatBody, 'tool_choice'>>

/** Its messages, and the functions that they may call, as the engine takes them. Throws ParamError for what cannot be used. */
export const saidIn = (
  { messages, mm_processor_kwargs: budget }: Said,
  toolbox: Toolbox | undefined,
  frame?: Frame,
): readonly JobMessage[] => withTools(jobMessages(messages, budget ?? {}, frame), toolbox)

/** A chat request as a job for the engine. Throws ParamError for what cannot be done. */
export function chatJob(body: ChatBody, toolbox: Toolbox | undefined, frame: Frame = {}): GenerateJob {
  const form = toolbox?.form ?? formOf(body)
  return {
    kind: 'generate',
    messages: saidIn(body, toolbox, frame),
    sampling: samplingOf(body),
    ...(form && { form }),
    ...(body.logprobs && { logprobs: body.top_logprobs ?? 0 }),
    ...(body.fovea?.method !== undefined && { method: body.fovea.method }),
    ...(body.fovea?.overlay && { overlay: true }),
  }
}

function samplingOf(body: ChatBody): Sampling {
  const stop = typeof body.stop === 'string' ? [body.stop] : (body.stop ?? undefined)
  const topK = body.top_k ?? 0 // 0 and -1 are no limit, as elsewhere
  return given({
    maxTokens: body.max_completion_tokens ?? body.max_tokens,
    temperature: body.temperature,
    topP: body.top_p,
    topK: topK > 0 ? topK : undefined,
    minP: body.min_p,
    repetitionPenalty: body.repetition_penalty,
    presencePenalty: body.presence_penalty,
    frequencyPenalty: body.frequency_penalty,
    seed: body.seed,
    stop,
    ignoreEos: body.ignore_eos,
    bias: body.logit_bias,
    speculate: body.fovea?.speculate,
  })
}

type Given<T> = { [Name in keyof T]?: NonNullable<T[Name]> }

/** Without what is null or undefined: the model decides about that. */
export const given = <T extends object>(values: T): Given<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null)) as Given<T>

function formOf({ response_format: format, guided_regex }: ChatBody): AnswerForm | undefined {
  if (guided_regex !== undefined) return { regex: guided_regex }
  if (format === undefined || format.type === 'text') return undefined
  if (format.type === 'regex') return { regex: format.regex }
  if (format.type === 'json_object') return { schema: true }
  return schemaOf(format.json_schema.schema, 'response_format.json_schema.schema')
}

/** Throws ParamError `schema_too_large`, `invalid_request`. */
export function schemaOf(schema: unknown, param: string): AnswerForm {
  if (typeof schema !== 'object' || schema === null) throw badParam(param, 'invalid_request', 'a schema is an object')
  if (JSON.stringify(schema).length > LIMITS.formLength)
    throw badParam(param, 'schema_too_large', `a schema has at most ${LIMITS.formLength} characters`)
  return { schema }
}
