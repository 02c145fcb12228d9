/** Normalizer, pre-tokenizer, post-processor and decoder of a tokenizer.json: what their fields must be, and what they may cost. */
import type { TokenizerJson } from './inert-json.ts'
import { hasNestedRepeat } from './regex-safety.ts'
import { badField, shown } from './tokenizer-error.ts'

/** Letters of a pattern; the longest that are known have some 500. */
const MAX_PATTERN = 10_000
const MAX_GROUPS = 200
/** Letters that replace a match or go before a text. */
const MAX_CONTENT = 100
/** How many times as long as it was a text may become in one stage. */
const MAX_GROWTH = 1000

const STAGES = ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder'] as const

type Fields = Record<string, unknown>

export function checkStages(json: TokenizerJson): void {
  for (const stage of STAGES) {
    const value = json[stage]
    if (value === undefined || value === null) continue
    if (typeof value !== 'object' || Array.isArray(value))
      badField(stage, `it must be an object, found ${shown(value)}`)
    const growth = checkStep(value as Fields, stage)
    if (growth > MAX_GROWTH)
      badField(stage, `it makes a text up to ${growth.toPrecision(3)} times as long; the limit is ${MAX_GROWTH}`)
  }
}

/** Checks a step and those within it. Returns how many times as long as it was a text may become. */
function checkStep(step: Fields, field: string): number {
  const own = growthOf(step, field)
  return Object.entries(step).reduce((growth, [key, value]) => {
    if (typeof value !== 'object' || value === null || key === 'pattern') return growth
    const inner = Object.entries(value).map(([name, item]) => {
      const isStep = typeof item === 'object' && item !== null && !Array.isArray(item)
      return isStep
        ? checkStep(item as Fields, Array.isArray(value) ? `${field}.${key}[${name}]` : `${field}.${key}.${name}`)
        : 1
    })
    return inner.reduce((product, factor) => product * factor, growth)
  }, own)
}

function growthOf(step: Fields, field: string): number {
  const { type, pattern, content, prepend, length } = step
  if (prepend !== undefined && type === 'Prepend') assertContent(prepend, `${field}.prepend`)
  if (type === 'FixedLength' && !(Number.isInteger(length) && (length as number) > 0))
    badField(`${field}.length`, `it must be a whole number from 1, found ${shown(length)}`)
  const shortest = pattern === undefined || pattern === null ? 1 : checkPattern(pattern, `${field}.pattern`)
  if (type !== 'Replace') return 1
  if (content === undefined || content === null) return 1
  assertContent(content, `${field}.content`)
  const added = (content as string).length
  return shortest === 0 ? added + 1 : Math.max(1, added / shortest)
}

function assertContent(value: unknown, field: string): void {
  if (typeof value !== 'string') badField(field, `it must be a text, found ${shown(value)}`)
  if ((value as string).length > MAX_CONTENT)
    badField(field, `a text of ${(value as string).length} letters; the limit is ${MAX_CONTENT}`)
}

/** Returns how short a match may be: 0 where that is not known. */
function checkPattern(pattern: unknown, field: string): number {
  const { Regex: regex, String: text } = (typeof pattern === 'object' ? pattern : {}) as Fields
  if (typeof text === 'string') return assertPattern(text, `${field}.String`).length
  if (typeof regex !== 'string') badField(field, `it must hold a Regex or a String, found ${shown(pattern)}`)
  assertPattern(regex as string, `${field}.Regex`)
  if (depthOf(regex as string) > MAX_GROUPS) badField(`${field}.Regex`, `groups nested deeper than ${MAX_GROUPS}`)
  if (hasNestedRepeat(regex as string))
    badField(`${field}.Regex`, `${shown(regex)} can take exponential time; a tokenizer of this kind is not used`)
  return 0
}

function assertPattern(text: string, field: string): string {
  if (text.length > MAX_PATTERN) badField(field, `a pattern of ${text.length} letters; the limit is ${MAX_PATTERN}`)
  return text
}

/** How deep parentheses are nested, those in classes and behind backslashes included: never less than it is. */
function depthOf(regex: string): number {
  let [depth, most] = [0, 0]
  for (const letter of regex) {
    if (letter === '(') most = Math.max(most, ++depth)
    if (letter === ')') depth--
  }
  return most
}
