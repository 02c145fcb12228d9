import { FoveaError } from '../errors.ts'

/** Throws FoveaError `tokenizer_invalid` for a field of tokenizer.json, or of another file of a tokenizer. */
export function badField(field: string, problem: string, file = 'tokenizer.json'): never {
  throw new FoveaError('tokenizer_invalid', 'input', `${file}: ${field}: ${problem}`)
}

/** A value from a file, fit for one line of a message. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}...` : text
}
