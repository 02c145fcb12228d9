import { roundHalfEven } from '../../../tensor/round-half-even.ts'

/** Frames out of a video, all of them where it has no more than that. */
export function framesOf<Frame>(all: readonly Frame[], count = all.length): readonly Frame[] {
  return count >= all.length ? all : middles(all.length, count).map((at) => all[at])
}

/**
 * F of N frames, each from the middle of its share: floor((round(s i) + round(s (i + 1))) / 2), s = (N - 1) / F. Halves are
 * rounded to the even number.
 */
export function middles(total: number, count: number): number[] {
  const share = (total - 1) / count
  return Array.from({ length: count }, (_, at) =>
    Math.floor((roundHalfEven(share * at) + roundHalfEven(share * (at + 1))) / 2),
  )
}
