import { z } from 'zod'
import type { Paper } from './paper.ts'

/** An option as people read it. */
export interface OptionRow {
  readonly name: string
  /** Empty where an option that is left out means something of its own, which `about` says. */
  readonly byDefault: string
  /** `0 to 1`, `whole, from 1`, `keep or pack`. */
  readonly range: string
  readonly about: string
}

type Schema = z.core.JSONSchema.JSONSchema

/** The options of a method as its schema declares them, for the command line and the docs. */
export function optionTable({ options }: Paper): OptionRow[] {
  const { properties = {} } = options ? z.toJSONSchema(options, { io: 'input' }) : {}
  return Object.entries(properties).flatMap(([name, schema]) =>
    typeof schema === 'object'
      ? {
          name,
          byDefault: schema.default === undefined ? '' : shown(schema.default),
          range: rangeOf(schema),
          about: schema.description ?? '',
        }
      : [],
  )
}

/** Six digits of a fraction, such as 9/14, are enough to read. */
const shown = (value: unknown): string =>
  String(typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value)

function rangeOf({ type, enum: values, ...bounds }: Schema): string {
  if (values) return anyOf(values.map(String))
  if (type === 'boolean') return anyOf(['true', 'false'])
  if (type !== 'number' && type !== 'integer') return 'text'
  const [low, high] = [lowest(bounds), highest(bounds)]
  const range = low && high ? `${low} to ${high}` : low ? `from ${low}` : high ? `up to ${high}` : ''
  return (
    [type === 'integer' && 'whole', range.replace('from above', 'above')].filter(Boolean).join(', ') || 'any number'
  )
}

const anyOf = (values: readonly string[]): string =>
  values.length < 2 ? values.join() : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`

/** Bounds of whole numbers that only say what a computer can count. */
const isSaid = (bound: unknown): bound is number =>
  typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER

function lowest({ minimum, exclusiveMinimum }: Schema): string {
  if (isSaid(exclusiveMinimum)) return `above ${exclusiveMinimum}`
  return isSaid(minimum) ? String(minimum) : ''
}

function highest({ maximum, exclusiveMaximum }: Schema): string {
  if (isSaid(exclusiveMaximum)) return `below ${exclusiveMaximum}`
  return isSaid(maximum) ? String(maximum) : ''
}
