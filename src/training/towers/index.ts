import { FoveaError } from '../../errors.ts'
import { t } from './t.ts'
import type { Tower } from './tower.ts'
import { za } from './za.ts'
import { zc } from './zc.ts'
import { zm } from './zm.ts'
import { zt } from './zt.ts'
import { zv } from './zv.ts'

/** Every tower that can be trained. */
export const TOWERS: readonly Tower[] = [zc, zm, zv, zt, za, t]

/** What the command line calls towers. */
export const TOWER = 'tower-'

/** The tower of a name such as `tower-zc`. Throws FoveaError `recipe_missing`. */
export function findTower(name: string): Tower {
  const tower = TOWERS.find(({ id }) => `${TOWER}${id}` === name)
  if (tower) return tower
  const names = TOWERS.map(({ id }) => `${TOWER}${id}`).join(', ')
  throw new FoveaError('recipe_missing', 'usage', `there is no ${name}; the towers are ${names}`)
}
