import { COLOR_RGB, type Color, type Fill, type Scene, type SceneObject, type Shape } from '../../src/world/index.ts'

/** A scene on a plain white or black background, which every colour but that one stands out from. */
export function plainScene(objects: SceneObject[], background: Color = 'white'): Scene {
  const rgb = COLOR_RGB[background]
  return {
    kind: 'objects',
    size: 192,
    seed: 1,
    noise: 0,
    background: { style: 'plain', from: rgb, to: rgb, angle: 0, pitch: 10 },
    objects,
    words: [],
    heldOut: false,
  }
}

/** A medium object in the reference colour of its name. */
export function plainObject(shape: Shape, color: Color, fill: Fill = 'solid', x = 96, y = 96): SceneObject {
  return { shape, color, fill, size: 'medium', x, y, radius: 21, rotation: 0.1, rgb: COLOR_RGB[color] }
}
