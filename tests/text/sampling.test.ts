import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSampler, type SamplingOptions } from '../../src/text/sampling.ts'
import { cpuTime } from '../cpu-time.ts'

const logits = Float32Array.of(1, 3, 2, -1, 3)

/** How often each token is chosen in `runs` draws. */
function frequencies(options: SamplingOptions, runs = 4000): number[] {
  const sample = createSampler({ temperature: 1, seed: 7, ...options })
  const counts = new Array(logits.length).fill(0)
  for (let i = 0; i < runs; i++) counts[sample(logits, [])]++
  return counts.map((count) => count / runs)
}

describe('greedy', () => {
  test('takes the largest logit, the first of equals', () => {
    expect(createSampler()(logits, [])).toBe(1)
  })

  test('-Infinity masks a token', () => {
    expect(createSampler()(Float32Array.of(-Infinity, -5), [])).toBe(1)
  })

  test('the repetition penalty lowers positive and negative logits and leaves the input alone', () => {
    const input = Float32Array.of(2, 1.5, -1)
    expect(createSampler({ repetitionPenalty: 2 })(input, [0, 0])).toBe(1)
    expect(createSampler({ repetitionPenalty: 3 })(Float32Array.of(-1, -2), [0])).toBe(1)
    expect([...input]).toEqual([2, 1.5, -1])
  })
})

describe('sampling', () => {
  test('follows softmax(logits / temperature)', () => {
    for (const temperature of [0.5, 1, 2]) {
      const weights = [...logits].map((logit) => Math.exp(logit / temperature))
      const total = weights.reduce((a, b) => a + b)
      const found = frequencies({ temperature })
      weights.forEach((weight, id) => {
        expect(Math.abs(found[id] - weight / total)).toBeLessThan(0.03)
      })
    }
  })

  test.each([
    [{ topK: 1 }, [1]],
    [{ topK: 3 }, [1, 2, 4]],
    [{ topP: 0.5 }, [1, 4]],
    [{ topP: 0.3 }, [1]],
    [{ minP: 0.3 }, [1, 2, 4]],
    [{ minP: 1 }, [1, 4]],
  ])('%o keeps the tokens %j', (options, kept) => {
    const chosen = frequencies(options).flatMap((share, id) => (share > 0 ? [id] : []))
    expect(chosen).toEqual(kept)
  })

  test('top-k and top-p of any logits are those of a full sort', () => {
    const values = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(-Infinity)), {
      minLength: 1,
      maxLength: 30,
    })
    fc.assert(
      fc.property(
        values,
        fc.integer({ min: 1, max: 32 }),
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        (list, topK, topP) => {
          fc.pre(list.some((value) => value > -Infinity))
          const finite = list.map((value, id) => ({ id, weight: Math.exp(value) })).filter(({ weight }) => weight > 0)
          const head = finite.sort((a, b) => b.weight - a.weight || a.id - b.id).slice(0, topK)
          const total = head.reduce((sum, { weight }) => sum + weight, 0)
          let before = 0
          const kept = head.filter(({ weight }) => (before += weight) - weight < total * topP - 1e-9)
          const sample = createSampler({ temperature: 1, topK, topP })
          for (let i = 0; i < 20; i++) expect(kept.map(({ id }) => id)).toContain(sample(Float32Array.from(list), []))
        },
      ),
    )
  })

  test('a vocabulary of 152 000 is not sorted by comparison: a few milliseconds', async () => {
    const large = Float32Array.from({ length: 152_000 }, (_, i) => ((i * 7919) % 1000) / 100)
    const sample = createSampler({ temperature: 1, topK: 50, topP: 0.9 })
    for (let i = 0; i < 5; i++) sample(large, [])
    expect((await cpuTime(() => Array.from({ length: 8 }, () => sample(large, [])))) / 8).toBeLessThan(60)
  })

  test('equal seeds give equal choices, other seeds others', () => {
    const run = (seed: number) => {
      const sample = createSampler({ temperature: 1, seed })
      return Array.from({ length: 30 }, () => sample(logits, []))
    }
    fc.assert(
      fc.property(fc.maxSafeInteger(), (seed) => {
        expect(run(seed)).toEqual(run(seed))
      }),
    )
    expect(run(1)).not.toEqual(run(2))
  })
})

describe('errors', () => {
  test.each([
    [Float32Array.of(1, Number.NaN), 'logits_invalid', 'NaN for token 1'],
    [Float32Array.of(Infinity), 'logits_invalid', 'Infinity for token 0'],
    [Float32Array.of(-Infinity, -Infinity), 'logits_empty', 'no token is possible'],
    [new Float32Array(), 'logits_empty', 'no token is possible'],
  ])('%o', (bad, code, message) => {
    for (const temperature of [0, 1]) {
      const expected = { code, message: expect.stringContaining(message) }
      expect(() => createSampler({ temperature })(bad, [])).toThrow(expect.objectContaining(expected))
    }
  })

  test.each<SamplingOptions>([
    { temperature: -1 },
    { temperature: Number.NaN },
    { topK: 0 },
    { topK: 1.5 },
    { topP: 0 },
    { topP: 1.1 },
    { minP: -0.1 },
    { repetitionPenalty: 0 },
    { seed: 2 ** 60 },
  ])('%o is refused', (options) => {
    expect(() => createSampler(options)).toThrow(
      expect.objectContaining({ code: 'sampling_option_invalid', kind: 'usage' }),
    )
  })
})
