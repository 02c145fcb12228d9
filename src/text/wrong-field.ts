/** What is wrong with JSON that a schema refuses, in words: the field, what was expected there, and what was given. */
import type { z } from 'zod'

type RawIssue = Parameters<z.core.$ZodErrorMap>[0]
type Path = readonly PropertyKey[]

export interface WrongField {
  /** As in `messages.0.role`; empty for the whole. */
  readonly field: string
  /** `messages.0.role: expected "user" or "system", given "root"` */
  readonly message: string
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

const kind = (name: string): string => KINDS[name] ?? name

/** What zod says where a schema says nothing of its own. */
export const expectedOf: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'unrecognized_keys') return unknownFields(issue)
  const wanted = wantedBy(issue)
  return wanted === undefined ? undefined : `expected ${wanted}`
}

function wantedBy(issue: RawIssue): string | undefined {
  if (issue.code === 'invalid_type') return kind(issue.expected)
  if (issue.code === 'invalid_value') return alternatives(issue.values)
  if (issue.code === 'too_small') return bound(issue.origin, issue.minimum, issue.inclusive ? 'at least' : 'more than')
  if (issue.code === 'too_big') return bound(issue.origin, issue.maximum, issue.inclusive ? 'at most' : 'less than')
  if (issue.code !== 'invalid_union') return undefined
  if (Array.isArray(issue.options)) return alternatives(issue.options)
  return issue.errors.map(([first]) => first.message.replace(/^expected /, '')).join(' or ')
}

function bound(origin: string, limit: number | bigint, word: string): string {
  if (origin === 'string') return `a text of ${word} ${limit} characters`
  if (origin === 'array') return `a list of ${word} ${limit}`
  return `a number, ${word} ${limit}`
}

const alternatives = (values: readonly unknown[]): string =>
  values.map((value) => JSON.stringify(value) ?? String(value)).join(' or ')

function unknownFields({ keys, inst }: Extract<RawIssue, { code: 'unrecognized_keys' }>): string {
  const { shape = {} } = (inst as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def ?? {}
  const names = keys.map((key) => JSON.stringify(key.slice(0, SHOWN))).join(', ')
  return `there is no field ${names} here; there are ${Object.keys(shape).join(', ')}`
}

/** The first thing that is wrong, as far inside as it can be told. */
export function wrongField(issues: readonly z.core.$ZodIssue[], body: unknown): WrongField {
  const { issue, path } = innermost(issues[0], issues[0].path)
  const field = path.map(String).join('.')
  const given = issue.code === 'unrecognized_keys' ? '' : `, given ${shown(valueAt(body, path))}`
  return { field, message: `${field === '' ? '' : `${field}: `}${issue.message}${given}` }
}

/** Of the forms that a field may have, the one that fits furthest is the one that was meant. */
function innermost(issue: z.core.$ZodIssue, path: Path): { issue: z.core.$ZodIssue; path: Path } {
  if (issue.code !== 'invalid_union') return { issue, path }
  const firsts = issue.errors.map(([first]) => first)
  const furthest = firsts.reduce<z.core.$ZodIssue | undefined>(
    (best, each) => (each.path.length > (best?.path.length ?? 0) ? each : best),
    undefined,
  )
  return furthest ? innermost(furthest, [...path, ...furthest.path]) : { issue, path }
}

const valueAt = (body: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (value as Readonly<Record<PropertyKey, unknown>> | null)?.[key], body)

/** Characters of a text. */
const SHOWN = 40

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string' || value.length <= SHOWN) return JSON.stringify(value)
  return `${JSON.stringify(value.slice(0, SHOWN))}... of ${value.length} characters`
}
