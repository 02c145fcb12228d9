import { f16ToF32, f32ToF16 } from '../../../checkpoints/dtypes.ts'
import type { Architecture } from '../../../models/family.ts'
import { squareSide } from '../../../models/vision-side.ts'

/** Queries in a square, two thirds of the patches along each side: 16 x 16 for 24 x 24. */
export function queryCount({ vision }: Architecture): number {
  const side = squareSide(vision)
  const { rows } = vision.grid({
    image: { data: new Uint8Array(0), width: side, height: side },
    width: side,
    height: side,
  })
  return Math.round((2 * rows) / 3) ** 2
}

/**
 * Sines and cosines of the places in a grid, [C, side, side], in half precision. The first half of the channels tells the
 * column, the second the row: [sin(p w_0), ..., cos(p w_0), ...] each, with w_k = 10000^(-k / (C / 4)).
 */
export function sineTable(side: number, C: number): Float32Array {
  const waves = C / 4
  const table = new Float32Array(C * side * side)
  for (let channel = 0; channel < C; channel++) {
    const wave = 10000 ** (-(channel % waves) / waves)
    const f = Math.floor(channel / waves) % 2 === 0 ? Math.sin : Math.cos
    for (let cell = 0; cell < side * side; cell++) {
      const place = channel < C / 2 ? cell % side : Math.floor(cell / side)
      table[channel * side * side + cell] = f(place * wave)
    }
  }
  return f16ToF32(f32ToF16(table))
}
