/** Where the pictures of pages lie, and which must be there. */
import { existsSync, readdirSync } from 'node:fs'
import { basename } from 'node:path'
import type { Paper } from '../../src/papers/paper.ts'
import { hasPicture } from './shown.ts'

export const PICTURES = 'docs/images/kept'

/** The picture of a page, as the page names it. */
export const picturePath = ({ id }: Paper): string => `../images/kept/${id}.png`

/** Pictures that are missing, and those of no page. */
export function strayPictures(entries: readonly Paper[], folder = PICTURES): string[] {
  const wanted = entries.filter(hasPicture).map((entry) => basename(picturePath(entry)))
  const there = existsSync(folder) ? readdirSync(folder) : []
  return [...wanted.filter((name) => !there.includes(name)), ...there.filter((name) => !wanted.includes(name))].sort()
}
