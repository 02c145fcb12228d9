/** What `fovea bench reduce` measured, as docs/reducers.csv has it. */
import csv from '../../../docs/reducers.csv?raw'
import { type Point, pointsOf } from './points.ts'

export type { Point } from './points.ts'

export const benchmark: readonly Point[] = pointsOf(csv)

export const BASELINES: readonly string[] = ['dense', 'random', 'resize']
