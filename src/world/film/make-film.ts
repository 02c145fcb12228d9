import { FoveaError } from '../../errors.ts'
import { makeBackground } from '../background.ts'
import { assertCanvas } from '../make-scene.ts'
import { Rng } from '../rng.ts'
import { DEFAULT_SIZE } from '../scene.ts'
import { makeWords } from '../scenes/text.ts'
import { type CastOptions, candidates, makeThing, pickName } from '../things/cast.ts'
import { isHeldOutMeeting, isHeldOutTint } from '../things/held-out.ts'
import { nameOf } from '../things/item.ts'
import { assertVendors, type ThingSceneKey } from '../things/make-thing-scene.ts'
import { TRAINED_VENDORS } from '../things/table.ts'
import { type Film, HAPPENINGS, type HappeningKind, type Shot } from './film.ts'
import { showsHeldOutMotion, tryShot } from './make-shot.ts'

/** Which film: the same key and art always give the same one. */
export interface FilmKey extends Omit<ThingSceneKey, 'layout' | 'names' | 'exactly' | 'tints'> {
  /** 8 unless given; from 33 on a stream, cut together from shots of up to 32. */
  readonly frames?: number
  /** Frames in a second, 1 unless given. */
  readonly rate?: number
  /** What must happen, in a film of one shot. */
  readonly must?: HappeningKind | 'word' | 'odd' | 'cut' | 'drift'
}

/** The fewest frames in which something can happen, and end. */
export const LEAST_FRAMES = 4
/** The most frames of one film that is no stream. */
export const MOST_FRAMES = 32
const RATES = [0.5, 1, 2, 4, 5, 8, 10]
const HELD_OUT_SHARE = 0.25

/** Throws FoveaError kind `usage` `world-frames` or `world-rate` for a film that cannot be asked about. */
export function assertFilm(frames: number, rate: number): void {
  if (!Number.isSafeInteger(frames) || frames < LEAST_FRAMES) {
    const message = `A film of ${frames} frames shows nothing that happens: use an integer from ${LEAST_FRAMES}`
    throw new FoveaError('world-frames', 'usage', message)
  }
  if (RATES.includes(rate)) return
  throw new FoveaError('world-rate', 'usage', `Cannot film at ${rate} frames a second: use one of ${RATES.join(', ')}`)
}

/** Where the shots of a film begin, and its end. */
function cutsOf(frames: number, mustCut: boolean, rng: Rng): number[] {
  const cuts = [0]
  const isStream = frames > MOST_FRAMES
  if (!isStream && (mustCut || rng.chance(0.2)) && frames >= 2 * LEAST_FRAMES) {
    cuts.push(rng.int(LEAST_FRAMES, frames - LEAST_FRAMES))
  }
  while (isStream && frames - cuts.at(-1)! > MOST_FRAMES)
    cuts.push(cuts.at(-1)! + rng.int(8, MOST_FRAMES - LEAST_FRAMES))
  return [...cuts, frames]
}

/** Whether a shot shows what is kept for tests: a motion, a tint or a meeting. */
function showsKept(shot: Shot): boolean {
  const names = shot.actors.map(nameOf)
  const dips = shot.actors.some((item) => item.kind === 'thing' && item.tint && isHeldOutTint(item.name, item.tint))
  const dyes = shot.happenings.some(({ color, actor }) => color && isHeldOutTint(names[actor], color))
  const meets = names.some((a, i) => names.slice(i + 1).some((b) => isHeldOutMeeting(a, b)))
  return dips || dyes || meets || showsHeldOutMotion(shot)
}

interface Wanted {
  readonly key: FilmKey
  readonly cast: CastOptions
  readonly size: number
  readonly heldOut: boolean
  readonly must?: HappeningKind
}

function makeShots(cuts: readonly number[], { key, cast, size, heldOut, must }: Wanted, rng: Rng): Shot[] {
  const shots: Shot[] = []
  const used = new Set<string>()
  for (let at = 0; at + 1 < cuts.length; at++) {
    const [from, to] = [cuts[at], cuts[at + 1]]
    for (let attempt = 0; ; attempt++) {
      const shot = tryShot(
        { size, from, to, cast, used, must: at === 0 ? must : undefined, drifts: key.must === 'drift' },
        rng,
      )
      const kept = shot && showsKept(shot)
      const isWanted = kept === heldOut || (key.split === 'test' && (attempt > 60 || at > 0))
      if (!shot || !isWanted) continue
      shots.push(shot)
      break
    }
    // A stream runs out of names; what left the screen long ago may come again.
    if (used.size > 60) used.clear()
    for (const item of shots.at(-1)!.actors) used.add(nameOf(item))
  }
  return shots
}

function pickOdd(frames: number, size: number, cast: CastOptions, shots: readonly Shot[], rng: Rng): Film['odd'] {
  const shown = new Set(shots.flatMap(({ actors }) => actors.map(nameOf)))
  const { vendor, things } = candidates(cast, rng)
  const name = pickName(
    things.filter((thing) => !shown.has(thing.name)),
    rng,
  )
  const spot = { x: size / 2, y: size / 2, radius: size * rng.float(0.25, 0.4) }
  const item = makeThing(name, vendor, spot, { ...cast, tints: 0 }, rng)
  return { frame: rng.int(1, frames - 2), item, background: makeBackground(rng) }
}

/**
 * A film of 4 to 32 frames, or a stream of as many as are asked for. Films of training and validation show no motion, tint
 * or meeting that is kept for tests. Throws FoveaError `world-frames`, `world-rate`, `world-size` and `world-vendor`.
 */
export function makeFilm(key: FilmKey): Film {
  const { split, seed, index, art, frames = 8, rate = 1, size = DEFAULT_SIZE, vendors = TRAINED_VENDORS } = key
  assertFilm(frames, rate)
  assertCanvas(size)
  assertVendors(split, vendors, art)
  const rng = Rng.from(seed, 'world', split, 'film', frames, rate, index)
  const heldOut = split === 'test' && rng.chance(HELD_OUT_SHARE)
  const cast: CastOptions = { art, vendors, tints: 0.1 }
  const must = HAPPENINGS.find((kind) => kind === key.must)
  const cuts = cutsOf(frames, key.must === 'cut', rng)
  const shots = makeShots(cuts, { key, cast, size, heldOut, must }, rng)
  const noise = rng.chance(0.2) ? rng.int(5, 12) : 0
  const [hasOdd, hasWord] = [rng.chance(0.08) || key.must === 'odd', rng.chance(0.1) || key.must === 'word']
  const odd = hasOdd ? pickOdd(frames, size, cast, shots, rng) : undefined
  const words = hasWord && !odd ? makeWords(shots[0].background, size, rng).slice(0, 1) : []
  const word = words[0] && { frame: rng.int(0, Math.min(frames, shots[0].to) - 1), word: words[0] }
  const shows = shots.some(showsKept)
  return {
    size,
    rate,
    frames,
    seed: rng.uint32(),
    noise,
    shots,
    ...(word && { word }),
    ...(odd && { odd }),
    heldOut: shows,
  }
}
