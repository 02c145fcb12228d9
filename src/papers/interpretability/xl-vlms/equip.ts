/** Vectors of a run, as weights of the method that adds them. */
import type { Method } from '../../../pipeline/method/method.ts'
import { withAdapter } from '../../../pipeline/method/own-weights.ts'
import { adapterOf } from '../../reports/random-weights.ts'
import { steer, steerOptions } from './steer.ts'
import type { Vector } from './vectors.ts'

/** Steering by a vector that is at hand. Methods of other vectors must have other concepts. */
export function steerBy(vector: Vector, options: Partial<ReturnType<typeof steerOptions.parse>>): Method {
  const own = steerOptions.parse(options)
  const shown = Object.entries(own).map(([name, value]) => `${name}=${value}`)
  const method = { name: `xl-vlms:${shown.join(',')}`, ...steer(own) }
  const data = Float32Array.from(vector)
  return withAdapter(method, adapterOf(new Map([[`method.xl-vlms.${own.concept}`, { shape: [data.length], data }]])))
}
