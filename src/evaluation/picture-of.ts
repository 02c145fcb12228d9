import type { RgbImage } from '../media/image.ts'
import { fromRgba } from '../training/mini/images.ts'
import type { Scene } from '../world/index.ts'
import { renderPixels } from '../world/node-canvas.ts'

/** A scene as it is shown to a model. */
export const pictureOf = (scene: Scene): RgbImage => fromRgba(renderPixels(scene), scene.size, scene.size)
