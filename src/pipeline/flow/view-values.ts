/** What a program computed of several views, and of each. */
import { f32, type Value } from '../../runtime/index.ts'
import type { EncodedView } from './encoded-view.ts'
import { memoryName, signalName } from './trace-vision.ts'

type Values = Readonly<Record<string, Value>>
type NameOf = (name: string) => string

/** Values of batch 1 under names of a kind, without their batch. */
export const valuesNamed = (values: Values, nameOf: NameOf): Record<string, Value<Float32Array>> =>
  Object.fromEntries(valuesOfAll(values, nameOf).map(([name, value]) => [name, rowOf(value, 0)]))

/** Values under names of a kind as they are, batch and all. */
export const valuesOfAll = (values: Values, nameOf: NameOf) =>
  Object.entries(values)
    .filter(([name]) => name.startsWith(nameOf('')))
    .map(([name, value]) => [name.slice(nameOf('').length), value] as const)

/** Tokens of one view of a batch, and what was left beside them. */
export type ViewValues = Pick<EncodedView, 'embeds' | 'owner' | 'memory' | 'signals'>

/** Each view of what `tokenOutputs` says of a batch. */
export function eachView(values: Values): ViewValues[] {
  const [views, patches] = values.owner.dims
  const owners = Array.from(values.owner.data, Number)
  const named = (nameOf: NameOf, at: number) =>
    Object.fromEntries(valuesOfAll(values, nameOf).map(([name, value]) => [name, rowOf(value, at)]))
  return Array.from({ length: views }, (_, at) => ({
    embeds: rowOf(values.embeds, at),
    owner: owners.slice(at * patches, (at + 1) * patches),
    memory: named(memoryName, at),
    signals: named(signalName, at),
  }))
}

/** A row of a batch; its own copy where there are others, so that none keeps the others in memory. */
function rowOf({ dims: [rows, ...dims], data }: Value, at: number): Value<Float32Array> {
  const floats = data as Float32Array
  if (rows === 1) return f32(dims, floats)
  const size = floats.length / rows
  return f32(dims, floats.slice(at * size, (at + 1) * size))
}
