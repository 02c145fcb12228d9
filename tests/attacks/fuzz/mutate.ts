/** Damage to files, from a seed. */
import type { Rng } from '../../../src/world/rng.ts'

const WORST_NUMBERS = [0, -1, 1, 1.5, 255, 2 ** 31, 2 ** 32 - 1, 2 ** 53, 1e308, -(2 ** 40)]

/** Bytes flipped, numbers replaced, pieces doubled, moved or cut off: up to six of them. */
export function mutateBytes(bytes: Uint8Array, rng: Rng): Uint8Array {
  let out = bytes.slice()
  for (let left = rng.int(1, 6); left > 0 && out.length > 4; left--) {
    const at = rng.int(0, out.length - 4)
    const kind = rng.int(0, 5)
    if (kind === 0) out[at] ^= 1 << rng.int(0, 7)
    if (kind === 1) out[at] = rng.int(0, 255)
    if (kind === 2) out.set([255, 255, 255, 255], at)
    if (kind === 3) out.set([0, 0, 0, rng.int(0, 3)], at)
    if (kind === 4) out = out.slice(0, rng.int(1, out.length))
    if (kind === 5) out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(at, at + 64), ...out.subarray(at)])
  }
  return out
}

const worst = (rng: Rng): unknown =>
  rng.pick([null, true, '', 'x', [], {}, [null], { x: 1 }, '\u0000', 'a'.repeat(5000), ...WORST_NUMBERS])

/** A value of some place of a JSON document replaced, doubled or left out: up to four of them. */
export function mutateJson(json: unknown, rng: Rng): unknown {
  const root = { json: structuredClone(json) }
  for (let left = rng.int(1, 4); left > 0; left--) {
    let at: Record<string, unknown> = root
    let key = 'json'
    for (let depth = rng.int(1, 6); depth > 0; depth--) {
      const next = at[key]
      if (typeof next !== 'object' || next === null || Object.keys(next).length === 0) break
      at = next as Record<string, unknown>
      key = rng.pick(Object.keys(at))
    }
    if (rng.int(0, 4) === 0 && at !== root) delete at[key]
    else at[key] = worst(rng)
  }
  return root.json
}

const WORDS = [
  '{{',
  '}}',
  '{%',
  '%}',
  '{#',
  ' for ',
  ' in ',
  ' if ',
  'endfor',
  '(',
  ')',
  '[',
  ']',
  '|',
  "'",
  'messages',
  '\n',
]

/** Pieces of a text left out, doubled, or replaced by what its language is made of. */
export function mutateText(text: string, rng: Rng): string {
  let out = text
  for (let left = rng.int(1, 5); left > 0; left--) {
    const [from, length] = [rng.int(0, out.length), rng.int(0, 20)]
    const piece = rng.pick(['', out.slice(from, from + length).repeat(2), rng.pick(WORDS), rng.pick(WORDS)])
    out = out.slice(0, from) + piece + out.slice(from + length)
  }
  return out
}
