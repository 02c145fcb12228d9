/**
 * Random bytes by the megabyte. Speed does not depend on the values, so one pool is drawn and every tensor is copied out
 * of it, from a place of its own. The pool has a prime number of values: no two rows of a matrix begin alike.
 */
const VALUES = 4_194_301

/** Calls `draw` for every value of a pool with a 32-bit number (a linear congruential generator). */
export function drawPool<Pool extends Uint8Array | Uint16Array>(pool: Pool, draw: (random: number) => number): Pool {
  let state = 12345
  for (let at = 0; at < pool.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    pool[at] = draw(state)
  }
  return pool
}

/** bf16, spread evenly over +-`width`: states neither vanish nor explode. */
export function bf16Pool(width: number): Uint8Array {
  const single = new Float32Array(1)
  const bits = new Uint32Array(single.buffer)
  const pool = drawPool(new Uint16Array(VALUES), (random) => {
    single[0] = (random / 2 ** 31 - 1) * width
    return bits[0] >>> 16
  })
  return new Uint8Array(pool.buffer)
}

/** A pool of whole blocks of so many bytes, the head of each block as given and the rest random. */
export function blockPool(block: number, head: readonly number[]): Uint8Array {
  const blocks = Math.floor(VALUES / block)
  const pool = drawPool(new Uint8Array(blocks * block), (random) => random >>> 24)
  for (let at = 0; at < pool.length; at += block) pool.set(head, at)
  return pool
}

/** 16-bit floats of one exponent: about +-0.02 to 0.03. */
export function f16Pool(): Uint8Array {
  const pool = drawPool(new Uint16Array(VALUES), (random) => ((random >>> 31) << 15) | 0x2400 | (random >>> 22))
  return new Uint8Array(pool.buffer)
}

/** Fills `bytes` from the pool, beginning at a place that depends on `seed`; `unit` bytes belong together. */
export function copyFromPool(bytes: Uint8Array, pool: Uint8Array, seed: number, unit: number): void {
  let from = ((seed % 9973) * 4 * unit) % pool.length
  for (let to = 0; to < bytes.length; ) {
    const count = Math.min(pool.length - from, bytes.length - to)
    bytes.set(pool.subarray(from, from + count), to)
    to += count
    from = 0
  }
}
