import type { Agreement } from '../pipeline/precision-report.ts'
export function agreementOf(a: readonly Float32Array[], b: readonly Float32Array[]): Agreement {
  const best = (values: Float32Array) => values.reduce((top, value, at) => (value > values[top] ? at : top), 0)
  const same = a.filter((values, at) => best(values) === best(b[at])).length
  return { cosine: Math.min(...a.map((values, at) => cosineOf(values, b[at]))), top: same / a.length }
}

export function cosineOf(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0]
  for (let at = 0; at < a.length; at++) {
    ab += a[at] * b[at]
    aa += a[at] ** 2
    bb += b[at] ** 2
  }
  return ab / Math.sqrt(aa * bb)
}
