import { middles } from '../../../media/video/pick-frames.ts'

/** Frames out of a video, all of them where it has no more than that. */
export function framesOf<Frame>(all: readonly Frame[], count = all.length): readonly Frame[] {
  return count >= all.length ? all : middles(all.length, count).map((at) => all[at])
}
