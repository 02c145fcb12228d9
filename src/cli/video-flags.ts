/** Flags that say which frames of a video are seen. */
import { FoveaError } from '../errors.ts'
import type { ImageFlags } from './image-options.ts'

export interface VideoFlags extends ImageFlags {
  video: string[]
  frames?: number
  fps?: number
  maxFrames?: number
  start?: number
  end?: number
  frameSide?: number
  imagesPerSecond?: number
  framesAsImages?: boolean
}

const NAMES = {
  frames: '--frames',
  fps: '--fps',
  maxFrames: '--max-frames',
  start: '--start',
  end: '--end',
  frameSide: '--frame-side',
  imagesPerSecond: '--images-per-second',
  framesAsImages: '--frames-as-images',
} as const satisfies { readonly [Name in keyof VideoFlags]?: string }

/** Throws FoveaError `options_conflict` for flags that would do nothing, since no video is given. */
export function assertVideoFlags(flags: VideoFlags, isVideoGiven: boolean): void {
  const given = Object.entries(NAMES).flatMap(([key, name]) =>
    flags[key as keyof typeof NAMES] === undefined ? [] : [name],
  )
  if (isVideoGiven || given.length === 0) return
  const [verb, them] = given.length === 1 ? ['is', 'it'] : ['are', 'them']
  const advice = `leave ${them} out, or give what moves with --video`
  throw new FoveaError(
    'options_conflict',
    'usage',
    `${given.join(', ')} ${verb} about videos, and none is given; ${advice}`,
  )
}
