/** What methods across frames leave of a video: one run of tokens, or the frames with different numbers of them. */
import { f32, type Value } from '../../runtime/index.ts'
import { PLACE } from '../method/ids.ts'
import { tokenPlaces } from '../talk/positions.ts'
import type { EncodedView } from './encoded-view.ts'
import { type Effort, packedView } from './gather-values.ts'
import { PLACES } from './trace-vision.ts'

/** All that is left of frames that were encoded alike, one behind the other; the time of a place is the frame's number. */
export function frameRun(
  frames: readonly EncodedView[],
  values: Readonly<Record<string, Value>>,
  own: Effort,
): EncodedView {
  const places = frames.flatMap((frame, time) => tokenPlaces(frame).map(([, row, column]) => [time, row, column]))
  const left = Array.from(values[PLACES].data, Number)
  return { ...packedView(frames, values, own), grid: frames[0].grid, places: left.map((at) => places[at]) }
}

/** A view for each frame again. A patch that went into a token of another frame is found under `elsewhere`. */
export function splitFrames(run: EncodedView, count: number): EncodedView[] {
  const { places = [], owner, embeds, memory, grid, milliseconds, cost } = run
  const patches = owner.length / count
  const { dims: [, width], data } = embeds // biome-ignore format: one step
  const without = Object.entries(memory).map(
    ([name, { dims }]) => [name, f32([0, dims[1]], new Float32Array(0))] as const,
  )
  let start = 0
  return Array.from({ length: count }, (_, frame): EncodedView => {
    const first = start
    const end = (start += places.filter(([time]) => time === frame).length)
    const into = owner.slice(frame * patches, (frame + 1) * patches)
    const isOwn = (token: number) => token >= first && token < end
    return {
      embeds: f32([end - first, width], data.slice(first * width, end * width)),
      owner: into.map((token) => (isOwn(token) ? token - first : -1)),
      elsewhere: new Map([...into.entries()].filter(([, token]) => token >= 0 && !isOwn(token))),
      memory: frame === 0 ? memory : Object.fromEntries(without),
      ...placesOf(run, { frame, count, first, end }),
      changedBy: run.changedBy,
      places: places.slice(first, end).map(([, row, column]) => [0, row, column]),
      grid,
      ...(frame === 0 ? { milliseconds, cost } : { milliseconds: 0, cost: { flops: 0, bytes: 0 } }),
    }
  })
}

/** Where tokens of a frame stand that keep their places: counted from its first, of which there are as many as of all. */
function placesOf(
  { span, signals }: EncodedView,
  { frame, count, first, end }: Record<'frame' | 'count' | 'first' | 'end', number>,
): Pick<EncodedView, 'signals' | 'span'> {
  if (span === undefined) return { signals: {} }
  const each = span / count
  const own = signals[PLACE].data.slice(first, end).map((place) => place - frame * each)
  return { span: each, signals: { [PLACE]: f32([own.length], own) } }
}
