/** Parsers of option values, for commander; what they refuse ends with exit code 2. */
import { InvalidArgumentError } from 'commander'

function parseNumber(text: string): number {
  const value = /^[-+.\d]/.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.')
  return value
}

/** A finite number in [low, high]. */
export const number =
  (low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY) =>
  (text: string): number => {
    const value = parseNumber(text)
    if (value < low || value > high) throw new InvalidArgumentError(`It must be a number ${range(low, high)}.`)
    return value
  }

/** A whole number in [low, high]. */
export const integer =
  (low = 0, high = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = parseNumber(text)
    if (!Number.isSafeInteger(value) || value < low || value > high)
      throw new InvalidArgumentError(`It must be a whole number ${range(low, high)}.`)
    return value
  }

function range(low: number, high: number): string {
  if (low === Number.MIN_VALUE) return `above 0${high === Number.POSITIVE_INFINITY ? '' : `, at most ${high}`}`
  return high >= Number.MAX_SAFE_INTEGER ? `from ${low}` : `from ${low} to ${high}`
}
