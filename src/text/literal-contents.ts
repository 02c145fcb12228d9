import type { TokenizerJson } from './inert-json.ts'

const STAGES = ['normalizer', 'pre_tokenizer', 'decoder']

/**
 * The library takes `$&` and its like in what replaces a match for the match and what is around it; the reference does not, and
 * a text may grow with its square.
 */
export function withLiteralContents(json: TokenizerJson): TokenizerJson {
  const stages = Object.entries(json).filter(
    ([key, value]) => STAGES.includes(key) && JSON.stringify(value ?? null).includes('$'),
  )
  return { ...json, ...Object.fromEntries(stages.map(([key, value]) => [key, escaped(value)])) }
}

function escaped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(escaped)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => {
    const isContent = key === 'content' && typeof item === 'string'
    return [key, isContent ? item.replaceAll('$', '$$$$') : escaped(item)]
  })
  return Object.fromEntries(entries)
}
