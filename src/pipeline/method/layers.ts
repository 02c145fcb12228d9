import { FoveaError } from '../../errors.ts'
import type { Method } from './method.ts'
import { at, PLACES } from './places.ts'

const MODELS = { see: 'the vision encoder', read: 'the language model' } as const

/** Throws FoveaError `method_layer` for a method that names a layer which the model does not have. */
export function assertLayers(method: Method, side: keyof typeof MODELS, layers: number): void {
  for (const part of method.parts ?? [method])
    for (const place of PLACES.filter((each) => each.side === side && each.form === 'layers')) {
      const found = at(part, place)
      const named = typeof found === 'object' ? Object.keys(found).map(Number) : []
      const outside = named.find((layer) => !(layer >= 0 && layer < layers))
      if (outside === undefined) continue
      const message = `${method.name}: there is no layer ${outside}; ${MODELS[side]} has layers 0 to ${layers - 1}`
      throw new FoveaError('method_layer', 'usage', message)
    }
}
