import { createRequire } from 'node:module'
import { whereMissing } from '../errors.ts'

type CanvasPackage = typeof import('@napi-rs/canvas')

const require = createRequire(import.meta.url)

/** @napi-rs/canvas, when something is to be drawn. Throws FoveaError kind `resource` `package_missing`. */
export function canvasPackage(): CanvasPackage {
  try {
    return require('@napi-rs/canvas')
  } catch (error) {
    return whereMissing('drawing', '@napi-rs/canvas')(error)
  }
}
