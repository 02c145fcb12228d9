/** JSON schemas as forms: the texts of the values that they allow, written compactly. */
import { FoveaError } from '../../errors.ts'
import {
  chars,
  choice,
  type Form,
  inBoth,
  later,
  literal,
  optional,
  type Range,
  repeat,
  sequence,
  without,
} from './form.ts'
import { regexForm } from './regex.ts'

type Schema = Readonly<Record<string, unknown>>

/** Levels of a schema. */
const DEEPEST = 64

/** Say nothing about which values are allowed. */
const REMARKS = ['title', 'description', 'default', 'examples', '$schema', '$id', '$comment', 'deprecated', 'format']
const MORE_REMARKS = ['readOnly', 'writeOnly', '$defs', 'definitions', 'contentEncoding', 'contentMediaType']

const OWN: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'pattern'],
  number: ['minimum'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum'],
  boolean: [],
  null: [],
}

const digit: Range = [48, 57]
const plain = without([
  [0, 31],
  [34, 34],
  [92, 92],
  [127, 127],
  [0xd800, 0xdfff],
])
const hexDigit = chars(digit, [65, 70], [97, 102])
const escaped = sequence(
  literal('\\'),
  choice(chars(...[...'"\\/bfnrt'].map(pointOf)), sequence(literal('u'), repeat(hexDigit, 4, 4))),
)
const letter = choice(chars(...plain), escaped)
const quote = literal('"')
const comma = sequence(literal(','), optional(literal(' ')))
const colon = sequence(literal(':'), optional(literal(' ')))
const minus = optional(literal('-'))
const digits = (most: number) => repeat(chars(digit), 0, most)
const positive = sequence(chars([49, 57]), digits(14))
const natural = choice(literal('0'), positive)
const fraction = optional(sequence(literal('.'), repeat(chars(digit), 1, 15)))
const exponent = optional(
  sequence(chars([69, 69], [101, 101]), optional(chars([43, 43], [45, 45])), repeat(chars(digit), 1, 2)),
)
const string = sequence(quote, repeat(letter), quote)
const anyMember = sequence(
  string,
  colon,
  later(() => anyValue),
)
const anyObject = listed('{', '}', anyMember)
const anyValue: Form = choice(
  string,
  sequence(minus, natural, fraction, exponent),
  anyObject,
  listed(
    '[',
    ']',
    later(() => anyValue),
  ),
  literal('true'),
  literal('false'),
  literal('null'),
)

function pointOf(char: string): Range {
  return [char.charCodeAt(0), char.charCodeAt(0)]
}

/** Items between brackets, so many. */
function listed(open: string, close: string, item: Form, least = 0, most = Number.POSITIVE_INFINITY): Form {
  const some = sequence(item, repeat(sequence(comma, item), Math.max(0, least - 1), most - 1))
  const inner = most === 0 ? sequence() : least === 0 ? optional(some) : some
  return sequence(literal(open), inner, literal(close))
}

/** Any JSON object. */
export const jsonObject: Form = anyObject

const refuse = (place: string, problem: string): FoveaError =>
  new FoveaError('schema_unsupported', 'usage', `the schema of the answer, at ${place}: ${problem}`)

/**
 * The texts that a schema allows. Properties come in the order in which they are named, and none that are not named.
 * Keywords that cannot be kept are refused, not ignored.
 * @throws FoveaError `schema_unsupported`, kind `usage`, with the place
 */
export const schemaForm = (schema: unknown): Form => new Reader(schema).form(schema, '#', 0)

class Reader {
  /** By what `$ref` says. */
  private readonly referred = new Map<string, Form>()

  constructor(private readonly root: unknown) {}

  form(schema: unknown, place: string, depth: number): Form {
    if (depth > DEEPEST) throw refuse(place, `it lies more than ${DEEPEST} levels deep`)
    if (schema === true) return anyValue
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
      throw refuse(place, 'a schema is an object or true')
    return this.objectForm(schema as Schema, place, depth)
  }

  private objectForm(schema: Schema, place: string, depth: number): Form {
    if (typeof schema.$ref === 'string') return this.referTo(schema.$ref, place, depth)
    if ('const' in schema) return literal(JSON.stringify(schema.const))
    if (Array.isArray(schema.enum)) return choice(...schema.enum.map((value) => literal(JSON.stringify(value))))
    if (Array.isArray(schema.anyOf))
      return choice(...schema.anyOf.map((option, at) => this.form(option, `${place}/anyOf/${at}`, depth + 1)))
    const types = typesOf(schema, place)
    assertKnown(schema, types, place)
    if (types.length === 0) return anyValue
    return choice(...types.map((type) => this.typed(type, schema, place, depth)))
  }

  /** Made when it is reached: a schema may contain itself. */
  private referTo(reference: string, place: string, depth: number): Form {
    const known = this.referred.get(reference)
    if (known) return known
    const target = found(this.root, reference)
    if (target === undefined) throw refuse(place, `${reference.slice(0, 80)} names nothing in it`)
    let made: Form
    const form = later(() => made)
    this.referred.set(reference, form)
    made = this.form(target, reference.slice(0, 80), depth + 1)
    return form
  }

  private typed(type: string, schema: Schema, place: string, depth: number): Form {
    if (type === 'object') return this.object(schema, place, depth)
    if (type === 'array') {
      const item = this.form(schema.items ?? true, `${place}/items`, depth + 1)
      return listed('[', ']', item, countOf(schema, 'minItems', place), countOf(schema, 'maxItems', place))
    }
    if (type === 'string') return stringForm(schema, place)
    if (type === 'integer' || type === 'number') return numberForm(type, schema, place)
    return type === 'boolean' ? choice(literal('true'), literal('false')) : literal('null')
  }

  private object(schema: Schema, place: string, depth: number): Form {
    const required = (schema.required ?? []) as readonly string[]
    const named = Object.entries((schema.properties ?? {}) as Schema)
    const missing = required.filter((name) => !named.some(([known]) => known === name))
    const all = [...named, ...missing.map((name) => [name, true] as const)]
    if (all.length === 0) return this.map(schema.additionalProperties, place, depth)
    const members = all.map(([name, value]) =>
      sequence(literal(JSON.stringify(name)), colon, this.form(value, `${place}/properties/${name}`, depth + 1)),
    )
    return sequence(
      literal('{'),
      inOrder(
        members,
        all.map(([name]) => required.includes(name)),
      ),
      literal('}'),
    )
  }

  private map(values: unknown, place: string, depth: number): Form {
    if (values === false) return literal('{}')
    const value = this.form(values ?? true, `${place}/additionalProperties`, depth + 1)
    return listed('{', '}', sequence(string, colon, value))
  }
}

/** Members in order, those that are not required perhaps left out, commas between those that are there. */
function inOrder(members: readonly Form[], isRequired: readonly boolean[]): Form {
  let [first, later]: [Form, Form] = [sequence(), sequence()]
  for (let at = members.length - 1; at >= 0; at--) {
    const [opening, following] = [sequence(members[at], later), sequence(comma, members[at], later)]
    first = isRequired[at] ? opening : choice(opening, first)
    later = isRequired[at] ? following : choice(following, later)
  }
  return first
}

function typesOf({ type, properties, items }: Schema, place: string): string[] {
  if (type === undefined) return properties ? ['object'] : items ? ['array'] : []
  const types = [type].flat()
  for (const name of types)
    if (typeof name !== 'string' || !Object.hasOwn(OWN, name))
      throw refuse(place, `there is no type ${JSON.stringify(name)}`)
  return types as string[]
}

function assertKnown(schema: Schema, types: readonly string[], place: string): void {
  const known = ['type', ...REMARKS, ...MORE_REMARKS, ...types.flatMap((type) => OWN[type])]
  const foreign = Object.keys(schema).find((name) => !known.includes(name))
  if (foreign !== undefined)
    throw refuse(place, `the keyword ${JSON.stringify(foreign).slice(0, 80)} cannot be kept here`)
}

function countOf(schema: Schema, name: string, place: string): number | undefined {
  const value = schema[name]
  if (value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0)) return value as number | undefined
  throw refuse(place, `${name} is a whole number from 0`)
}

function stringForm(schema: Schema, place: string): Form {
  const { pattern } = schema
  if (pattern === undefined)
    return sequence(
      quote,
      repeat(letter, countOf(schema, 'minLength', place), countOf(schema, 'maxLength', place)),
      quote,
    )
  if (typeof pattern !== 'string') throw refuse(place, 'pattern is a text')
  if (schema.minLength !== undefined || schema.maxLength !== undefined)
    throw refuse(place, 'a pattern and a length together cannot be kept; write the length into the pattern')
  return sequence(quote, regexForm(pattern, { search: true, within: (ranges) => inBoth(ranges, plain) }), quote)
}

/** Bounds that the digits themselves keep to; others are refused. */
function numberForm(type: 'integer' | 'number', schema: Schema, place: string): Form {
  const { minimum, maximum, exclusiveMinimum } = schema
  const isFar = (bound: unknown) => bound === undefined || Math.abs(Number(bound)) >= Number.MAX_SAFE_INTEGER
  if (!isFar(maximum)) throw refuse(place, 'a maximum cannot be kept; name the values with enum')
  const tail = type === 'integer' ? [] : [fraction, exponent]
  if (exclusiveMinimum === 0 && type === 'integer') return positive
  if (exclusiveMinimum !== undefined && !isFar(exclusiveMinimum)) throw refuse(place, 'exclusiveMinimum can only be 0')
  if (minimum === 0) return sequence(natural, ...tail)
  if (minimum === 1 && type === 'integer') return positive
  if (!isFar(minimum)) throw refuse(place, 'minimum can only be 0 or 1')
  return sequence(minus, natural, ...tail)
}

/** What a reference within a schema names: `#/$defs/name`. */
function found(root: unknown, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined
  let at: unknown = root
  for (const part of reference.slice(1).split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = (at as Schema)[name]
  }
  return at
}
