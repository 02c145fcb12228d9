/** What options may be, for the functions that take them from outside. */
import type { OptionForm } from '../../errors.ts'
import type { AskOptions } from './ask-options.ts'

type Forms<T> = Readonly<Record<keyof T & string, OptionForm>>

export const ASK_FORMS: Forms<AskOptions> = {
  maxTokens: 'number',
  speculate: 'string',
  temperature: 'number',
  topK: 'number',
  topP: 'number',
  minP: 'number',
  repetitionPenalty: 'number',
  seed: 'number',
  rawPrompt: 'boolean',
  stop: 'texts',
  allowed: 'function',
  ignoreEos: 'boolean',
  dropOldest: 'boolean',
  signal: 'signal',
  onPrefill: 'function',
  reweigh: 'function',
  onToken: 'function',
  onText: 'function',
}

/** Of what a question is asked about; images and videos are looked at by themselves. */
export const PICTURE_FORMS = { images: 'any', videos: 'any', method: 'method' } as const

export const EMBED_FORMS = { prompt: 'string', ...PICTURE_FORMS, signal: 'signal' } as const

export const GENERATE_FORMS = { prompt: 'string', messages: 'object', ...PICTURE_FORMS, ...ASK_FORMS } as const

export const EXPLAIN_FORMS = { ...GENERATE_FORMS, top: 'number' } as const
