/**
 * Damaged files, from a fixed seed, for a bounded time: each is read, or refused in one clean line. FUZZ_SECONDS (2 for each
 * reader unless set) and FUZZ_SEED go further: `FUZZ_SECONDS=600 FUZZ_SEED=7 npx vitest run tests/attacks/fuzz`.
 */
import { expect, test } from 'vitest'
import { FoveaError } from '../../../src/errors.ts'
import { Rng } from '../../../src/world/rng.ts'
import { TARGETS } from './targets.ts'

const seconds = Number(process.env.FUZZ_SECONDS ?? 2)
const seed = Number(process.env.FUZZ_SEED ?? 1)
/** What must never reach a user. */
const INTERNALS = /\n|node_modules|\bat \w+ \(|\[object Object\]/

test.each(TARGETS)(
  '$name',
  async ({ name, most, open }) => {
    const read = await open()
    const end = performance.now() + 1000 * seconds
    const cases = process.env.FUZZ_SECONDS ? Number.POSITIVE_INFINITY : most
    let done = 0
    for (; done < cases && (done < 5 || performance.now() < end); done++) {
      const found: unknown = await Promise.resolve(Rng.from(seed, name, done))
        .then(read)
        .catch((error) => error)
      if (!(found instanceof Error)) continue
      const isClean = found instanceof FoveaError && !INTERNALS.test(found.message)
      expect(isClean, `case ${done} of seed ${seed}: ${found.stack}`).toBe(true)
    }
    expect(done).toBeGreaterThan(4)
  },
  60_000 + 2000 * seconds,
)
