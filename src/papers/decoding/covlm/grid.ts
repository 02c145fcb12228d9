import type { Architecture } from '../../../models/family.ts'
import { methodError } from '../../../pipeline/method/method-error.ts'

/** Side of the grid of the view that a model was made for, in patches. */
export function gridSide({ vision, name }: Architecture): number {
  const { rows, columns } = vision.grid({ image: EMPTY, width: vision.viewSize, height: vision.viewSize })
  if (rows === columns) return rows
  throw methodError(`covlm reads a square grid of patches, that of ${name} is ${rows}x${columns}`)
}

const EMPTY = { width: 0, height: 0, data: new Uint8Array(0) }
