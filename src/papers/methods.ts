import { z } from 'zod'
import { assertArgument, FoveaError } from '../errors.ts'
import { compose } from '../pipeline/method/compose.ts'
import type { Method } from '../pipeline/method/method.ts'
import { closest } from '../text/closest.ts'
import type { Paper } from './paper.ts'
import { papers } from './registry.ts'

/** Entries that can be run. */
export const runnable: readonly Paper[] = papers.filter((entry) => entry.method)

/**
 * A method from its text form: `fastv:layer=2,keep=.5`, several joined by `+` from left to right, `dense` for none.
 * Throws FoveaError `unknown_method`, `unknown_option`, `invalid_option`, each with what would have been right.
 */
export function parseMethod(text: string): Method {
  assertArgument('parseMethod', 'a method', text, 'string')
  const parts = text.split('+').map((part) => part.trim())
  return compose(...parts.filter((part) => part !== 'dense' && part !== '').map(parseOne))
}

function parseOne(text: string): Method {
  const { entry, given } = parseEntry(text)
  return buildMethod(entry, given)
}

/** The entry that a text names, and the options that it states: `fastv:layer=2`. Throws FoveaError `unknown_method`. */
export function parseEntry(text: string): { entry: Paper; given: Readonly<Record<string, unknown>> } {
  assertArgument('trainMethod', 'a method', text, 'string')
  const [id, ...rest] = text.split(':')
  const entry = runnable.find((candidate) => candidate.id === id)
  if (!entry) throw unknownMethod(id)
  const given = rest.join(':').split(',').filter(Boolean).map(splitOption)
  return { entry, given: Object.fromEntries(given) }
}

/**
 * A method from its entry and options; options that are left out take their defaults. Beside its own, each takes `weights`:
 * the folder of what it was trained to, where that is not the one of the model that runs it.
 */
export function buildMethod(entry: Paper, given: Readonly<Record<string, unknown>> = {}): Method {
  assertArgument('buildMethod', 'an entry', entry?.id, 'string')
  assertArgument('buildMethod', 'the options', given, 'object')
  if (!entry.method) throw unknownMethod(entry.id)
  const { weights, ...options } = given
  const schema = entry.options ?? z.object({})
  const known = Object.keys(schema.shape)
  for (const name of Object.keys(options)) if (!known.includes(name)) throw unknownOption(entry.id, name, known)
  const result = schema.safeParse(options)
  if (!result.success) {
    const { path, message } = result.error.issues[0]
    throw new FoveaError('invalid_option', 'usage', `${entry.id}: option ${path.join('.')}: ${message}`)
  }
  const named = { ...result.data, ...(weights !== undefined && { weights: folderOf(entry, weights) }) }
  const shown = Object.entries(named).map(([name, value]) => `${name}=${value}`)
  const name = [entry.id, shown.join(',')].filter(Boolean).join(':')
  return {
    name,
    options: result.data,
    withDefaults: (defaults) => buildMethod(entry, { ...defaults, ...given }),
    ...('weights' in named && { weights: named.weights }),
    ...entry.method(result.data),
  }
}

function folderOf({ id }: Paper, weights: unknown): string {
  if (typeof weights === 'string' && weights !== '') return weights
  if (typeof weights === 'number') return String(weights)
  throw new FoveaError('invalid_option', 'usage', `${id}: option weights: it must be a folder, or org/name of the hub`)
}

function splitOption(text: string): [string, unknown] {
  const [name, ...rest] = text.split('=')
  const value = rest.join('=')
  if (rest.length === 0) return [name, true]
  if (value === 'true' || value === 'false') return [name, value === 'true']
  return [name, value !== '' && Number.isFinite(Number(value)) ? Number(value) : value]
}

function unknownMethod(id: string): FoveaError {
  const ids = ['dense', ...runnable.map((entry) => entry.id)]
  const described = papers.find((entry) => entry.id === id)
  if (described)
    return new FoveaError(
      'unknown_method',
      'usage',
      `${id} is in the catalogue but has no method to run yet; methods: ${ids.join(', ')}`,
    )
  const near = closest(id, ids)
  return new FoveaError(
    'unknown_method',
    'usage',
    `no method named "${id}"; ${near.length ? `did you mean ${near.join(', ')}?` : `methods: ${ids.join(', ')}`}`,
  )
}

function unknownOption(id: string, name: string, known: readonly string[]): FoveaError {
  const near = closest(name, known)
  const hint = near.length ? `did you mean ${near.join(', ')}?` : `options: ${known.join(', ') || 'none'}`
  return new FoveaError('unknown_option', 'usage', `${id} has no option "${name}"; ${hint}`)
}
