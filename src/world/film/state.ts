import { round2 } from '../geometry.ts'
import type { Scene } from '../scene.ts'
import type { Item } from '../things/item.ts'
import { COLOR_RGB } from '../vocabulary.ts'
import { type Film, type Happening, type Shot, shotAt } from './film.ts'

/** How much of a happening is done at a frame, 0 to 1. */
export function progress({ from, to }: Pick<Happening, 'from' | 'to'>, frame: number): number {
  if (frame < from) return 0
  return Math.min(1, (frame - from + 1) / (to - from + 1))
}

/** What a happening makes of an actor at a frame; undefined where the actor is not seen. */
function after(item: Item, happening: Happening, frame: number): Item | undefined {
  const { kind, from, to, path = [0, 0], color, back = Infinity } = happening
  const done = progress(happening, frame)
  const moved = (share: number): Item => ({
    ...item,
    x: round2(item.x + share * path[0]),
    y: round2(item.y + share * path[1]),
  })
  if (kind === 'enter') return frame < from ? undefined : item
  if (kind === 'leave') return frame < from ? item : undefined
  if (kind === 'flash') return frame === from ? item : undefined
  if (kind === 'blink') return frame >= from && frame <= to && (frame - from) % 2 === 0 ? undefined : item
  if (kind === 'turn') return { ...item, rotation: round2(item.rotation + 2 * Math.PI * (done === 1 ? 0 : done)) }
  if (kind === 'grow') return { ...item, radius: round2(item.radius * (1 + 0.7 * done)) }
  if (kind === 'shrink') return { ...item, radius: round2(item.radius * (1 - 0.45 * done)) }
  if (kind === 'recolor' && done > 0) return dyed(item, color!)
  if (kind === 'hide' && frame >= back) return item
  return kind === 'move' || kind === 'collide' || kind === 'hide' ? moved(done) : item
}

const dyed = (item: Item, color: NonNullable<Happening['color']>): Item =>
  item.kind === 'thing' ? { ...item, tint: color, color } : { ...item, color, rgb: COLOR_RGB[color] }

/** An actor of a shot at a frame; undefined where it is not in the picture. What is hidden behind another is in it. */
export function actorAt({ actors, happenings }: Shot, actor: number, frame: number): Item | undefined {
  let item: Item | undefined = actors[actor]
  for (const happening of happenings) {
    if (item && happening.actor === actor) item = after(item, happening, frame)
  }
  return item
}

/** Whether an actor is wholly behind another at a frame. */
export function isHidden({ happenings }: Shot, actor: number, frame: number): boolean {
  return happenings.some(
    ({ kind, actor: who, to, back = Infinity }) => kind === 'hide' && who === actor && frame >= to && frame < back,
  )
}

/** The actors that a frame shows, hidden ones left out, with their indices. */
export function shownAt(shot: Shot, frame: number): { readonly actor: number; readonly item: Item }[] {
  return shot.actors.flatMap((_, actor) => {
    const item = actorAt(shot, actor, frame)
    return item && !isHidden(shot, actor, frame) ? [{ actor, item }] : []
  })
}

/** One frame as a scene, without the boxes of its items; `withSight` finds them. */
export function frameOf(film: Film, frame: number): Scene {
  const { size, noise, odd, word, heldOut } = film
  const base = { kind: 'things' as const, size, noise, seed: film.seed + frame, objects: [], heldOut }
  if (odd?.frame === frame) return { ...base, background: odd.background, words: [], items: [odd.item] }
  const shot = shotAt(film, frame)
  const drift = round2(shot.drift * (frame - shot.from))
  const items = shot.actors.flatMap((_, actor) => actorAt(shot, actor, frame) ?? [])
  const words = word?.frame === frame ? [word.word] : []
  const backdrop = shot.backdrop && { ...shot.backdrop, drift }
  return { ...base, background: shot.background, ...(backdrop && { backdrop }), words, items }
}
