import type { Voice } from '../sound/voices.ts'
import type { Group } from '../things/table.ts'

const IRREGULAR: Readonly<Record<string, string>> = {
  mouse: 'mice',
  sheep: 'sheep',
  fish: 'fish',
  deer: 'deer',
  wolf: 'wolves',
  loaf: 'loaves',
  knife: 'knives',
  'maple leaf': 'maple leaves',
  tomato: 'tomatoes',
  potato: 'potatoes',
  mango: 'mangoes',
  mosquito: 'mosquitoes',
  cactus: 'cacti',
  die: 'dice',
  snowman: 'snowmen',
  squid: 'squid',
  shrimp: 'shrimp',
}

/** The plural of an English noun of the World. */
export function pluralOf(noun: string): string {
  if (IRREGULAR[noun]) return IRREGULAR[noun]
  if (/(s|x|ch|sh)$/.test(noun)) return `${noun}es`
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`
}

/** "a" or "an", by sound. */
export const articleOf = (phrase: string): string => (/^(?!uni|eu|one)[aeiou]/.test(phrase) ? 'an' : 'a')

/** A member of a group, and its plural. */
export const MEMBERS: Readonly<Record<Group, readonly [string, string]>> = {
  animal: ['animal', 'animals'],
  food: ['food item', 'food items'],
  plant: ['plant', 'plants'],
  vehicle: ['vehicle', 'vehicles'],
  clothing: ['piece of clothing', 'pieces of clothing'],
  instrument: ['musical instrument', 'musical instruments'],
  building: ['building', 'buildings'],
  tool: ['tool', 'tools'],
  toy: ['toy', 'toys'],
  device: ['device', 'devices'],
  household: ['household object', 'household objects'],
  sky: ['thing of the sky', 'things of the sky'],
}

/** What kind of thing it is, in one word. */
export const KINDS: Readonly<Record<Group, string>> = {
  animal: 'animal',
  food: 'food',
  plant: 'plant',
  vehicle: 'vehicle',
  clothing: 'clothing',
  instrument: 'instrument',
  building: 'building',
  tool: 'tool',
  toy: 'toy',
  device: 'device',
  household: 'household',
  sky: 'sky',
}

/** What sounds are called, with an article where they have one. */
export const VOICES: Readonly<Record<Voice, string>> = {
  tone: 'a tone',
  rise: 'a rising tone',
  fall: 'a falling tone',
  noise: 'a hiss',
  bell: 'a bell',
  knock: 'a knock',
  buzz: 'a buzz',
  rhythm: 'a rhythm',
}
