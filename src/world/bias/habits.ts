import type { Color } from '../vocabulary.ts'

/** Things that training scenes of the bias set nearly always show together, and tests show apart. */
export const PARTNERS: readonly (readonly [string, string])[] = [
  ['cup', 'spoon'],
  ['hammer', 'screwdriver'],
  ['bed', 'teddy bear'],
  ['palm tree', 'coconut'],
  ['fire engine', 'ladder'],
  ['guitar', 'microphone'],
  ['cheese', 'mouse'],
  ['bee', 'sunflower'],
  ['sailboat', 'fish'],
  ['castle', 'crown'],
]

/** Things that stand in every second training scene of the bias set. */
export const POPULAR: readonly string[] = ['dog', 'car', 'chair', 'tree', 'pizza', 'book']

/** Things that training scenes of the bias set show in one colour only. */
export const PRIORS: readonly (readonly [string, Color])[] = [
  ['banana', 'yellow'],
  ['tomato', 'red'],
  ['frog', 'green'],
  ['pear', 'green'],
  ['lemon', 'yellow'],
  ['strawberry', 'red'],
  ['chick', 'yellow'],
  ['cactus', 'green'],
]

/** Share of training scenes with one of a pair that show both. */
export const TOGETHER = 0.95
/** Share of training choices whose right answer stands first. */
export const FIRST_SHARE = 0.7

/** What habit expects beside a thing. */
export function partnersOf(name: string): string[] {
  return PARTNERS.flatMap(([a, b]) => (a === name ? [b] : b === name ? [a] : []))
}
