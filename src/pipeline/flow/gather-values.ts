/** Views on their way into the program that gathers them, and out of it. */
import { f32, i64, joinFloats, type Value } from '../../runtime/index.ts'
import type { EncodedView } from './encoded-view.ts'
import { memoryName, signalName } from './trace-vision.ts'
import { eachView, valuesNamed, valuesOfAll } from './view-values.ts'

/** How a picture's patches are packed, as values. */
export interface PackingFeeds {
  readonly values: Readonly<Record<'patches' | 'weights' | 'rows', Value>>
  readonly whole: boolean
}

/** What gathering took, who changed the tokens, and how many positions they take. */
export type Effort = Pick<EncodedView, 'milliseconds' | 'cost' | 'changedBy' | 'span'>

/** The inputs of the program; those that it does not read are among them. */
export function feedsOf(views: readonly EncodedView[], packing?: PackingFeeds): Record<string, Value> {
  const [first] = views
  const most = Math.max(...views.map(({ embeds }) => embeds.dims[0]))
  const stacked = (partOf: (view: EncodedView) => Value<Float32Array>) => {
    const parts = views.map((view) => partOf(view))
    return f32([views.length, ...parts[0].dims], joinFloats(parts.map(({ data }) => data)))
  }
  const named = (kind: 'memory' | 'signals', nameOf: (name: string) => string) =>
    Object.keys(first[kind]).map((name) => [`given.${nameOf(name)}`, stacked((view) => view[kind][name])] as const)
  const packs = Object.entries(packing?.values ?? {}).map(([name, value]) => [`packing.${name}`, value] as const)
  return {
    'given.embeds': stacked(({ embeds }) => filledUp(embeds, most)),
    'given.owner': i64(
      [views.length, first.owner.length],
      views.flatMap(({ owner }) => owner),
    ),
    ...Object.fromEntries([...named('memory', memoryName), ...named('signals', signalName), ...packs]),
  }
}

/** Tokens [m, d] with rows behind them that no patch is part of. */
const filledUp = ({ dims: [count, width], data }: Value<Float32Array>, rows: number): Value<Float32Array> =>
  count === rows
    ? f32([count, width], data)
    : f32([rows, width], joinFloats([data, new Float32Array((rows - count) * width)]))

/** One run of tokens, for which all views were encoded. */
export function packedView(
  views: readonly EncodedView[],
  values: Readonly<Record<string, Value>>,
  own: Effort,
): EncodedView {
  const owner = Array.from(values.owner.data, Number)
  const { dims, data } = values.embeds
  return {
    embeds: f32(dims.slice(1), data as Float32Array),
    owner,
    memory: inOneRow(valuesOfAll(values, memoryName)),
    signals: valuesNamed(values, signalName),
    span: own.span,
    changedBy: own.changedBy,
    grid: { rows: 1, columns: owner.length },
    milliseconds: own.milliseconds + views.reduce((sum, view) => sum + view.milliseconds, 0),
    cost: {
      flops: own.cost.flops + views.reduce((sum, { cost }) => sum + cost.flops, 0),
      bytes: own.cost.bytes + views.reduce((sum, { cost }) => sum + cost.bytes, 0),
    },
  }
}

/** What views [v, n, d] left, one after another, [v n, d]. */
const inOneRow = (entries: readonly (readonly [string, Value])[]): EncodedView['memory'] =>
  Object.fromEntries(
    entries.map(
      ([
        name,
        {
          dims: [views, rows, width],
          data,
        },
      ]) => [name, f32([views * rows, width], data as Float32Array)],
    ),
  )

/** Each view by itself again; what the program cost counts to the first. */
export function splitViews(
  views: readonly EncodedView[],
  values: Readonly<Record<string, Value>>,
  own: Effort,
): EncodedView[] {
  const each = eachView(values)
  return views.map((view, at) => ({
    ...view,
    ...each[at],
    span: own.span,
    changedBy: own.changedBy,
    ...(at === 0 && {
      milliseconds: view.milliseconds + own.milliseconds,
      cost: { flops: view.cost.flops + own.cost.flops, bytes: view.cost.bytes + own.cost.bytes },
    }),
  }))
}
