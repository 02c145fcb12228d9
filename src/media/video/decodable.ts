/** Of a video that is cut off or damaged: the part of it that can be decoded. */
import { FoveaError } from '../../errors.ts'
import type { FrameSource } from './frame-source.ts'

const isDamage = (error: unknown): boolean => error instanceof FoveaError && error.code === 'video_damaged'

async function canDecode(source: FrameSource, index: number, signal?: AbortSignal): Promise<boolean> {
  try {
    for await (const _ of source.read([index], signal)) return true
    return false
  } catch (error) {
    if (isDamage(error)) return false
    throw error
  }
}

/** So many frames, the first ones, and a note about the others. */
function shortened(source: FrameSource, count: number): FrameSource {
  const { facts, timestamps } = source
  const note = `${count} of its ${facts.frames} frames can be decoded; the rest is cut off or damaged`
  return {
    name: source.name,
    note: [source.note, note].filter(Boolean).join('; '),
    facts: { ...facts, frames: count, seconds: timestamps[count] },
    timestamps: timestamps.slice(0, count),
    read: (indices, signal) => source.read(indices, signal),
    close: () => source.close(),
  }
}

/**
 * How many of the first `count` frames come before one that cannot be decoded, found by halving: what is cut off does not
 * come back. At most `count - 1`.
 */
async function decodableCount(source: FrameSource, count: number, signal?: AbortSignal): Promise<number> {
  let [good, bad] = [-1, count - 1]
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (await canDecode(source, middle, signal)) good = middle
    else bad = middle
  }
  return good + 1
}

/**
 * What `read` makes of a source, or where frames that it chose cannot be decoded, of those before them.
 * @throws FoveaError `video_damaged` where not one frame can be decoded; what `read` throws
 */
export async function readDecodable<T>(
  source: FrameSource,
  read: (source: FrameSource) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  for (let count = source.timestamps.length; ; ) {
    try {
      return await read(count < source.timestamps.length ? shortened(source, count) : source)
    } catch (error) {
      if (!isDamage(error)) throw error
      count = await decodableCount(source, count, signal)
      if (count === 0) throw error
    }
  }
}
