/** Scenes of the World as a model takes them. */
import { FoveaError } from '../errors.ts'
import { pixelsOf } from '../pipeline/flow/view-pixels.ts'
import type { ModelParts } from '../pipeline/parts.ts'
import { f32, type Value } from '../runtime/index.ts'
import type { Scene } from '../world/index.ts'
import { imageOf } from './mini/data.ts'

/** Draws scenes: pixels [scenes, 3, side, side]. */
export type DrawScenes = (scenes: readonly Scene[]) => Value<Float32Array>

/** Throws FoveaError `bank_views` where a model cuts images into views or takes them at their size. */
export const sceneDrawer =
  ({ architecture, preprocessor }: Pick<ModelParts, 'architecture' | 'preprocessor'>): DrawScenes =>
  (scenes) => {
    const side = architecture.vision.viewSize
    const data = new Float32Array(scenes.length * 3 * side * side)
    for (const [at, scene] of scenes.entries()) {
      const [view, ...others] = architecture.prompt.views(imageOf(scene))
      if (others.length > 0 || view.width !== side || view.height !== side) throw cutError(architecture.name)
      data.set(pixelsOf(view, preprocessor), at * 3 * side * side)
    }
    return f32([scenes.length, 3, side, side], data)
  }

const cutError = (name: string): FoveaError => {
  const message = `${name} cuts images into views or takes them at their size; this recipe draws one square view of each scene`
  return new FoveaError('bank_views', 'usage', message)
}
