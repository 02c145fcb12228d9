import type { Voice } from '../sound/voices.ts'
import type { Gender, Group } from '../things/table.ts'
import type { Color, Shape } from '../vocabulary.ts'

/** Plurals that no rule gives. */
const IRREGULAR: Readonly<Record<string, string>> = {
  hámster: 'hámsteres',
  dónut: 'dónuts',
  joystick: 'joysticks',
  mamut: 'mamuts',
  sándwich: 'sándwiches',
  kiwi: 'kiwis',
  árbol: 'árboles',
  móvil: 'móviles',
  portátil: 'portátiles',
}
const PLAIN: Readonly<Record<string, string>> = { á: 'a', é: 'e', í: 'i', ó: 'o', ú: 'u' }

/** The plural of one Spanish word. */
function pluralOfWord(word: string): string {
  if (IRREGULAR[word]) return IRREGULAR[word]
  if (/[aeiouéó]$/.test(word)) return `${word}s`
  if (/[íú]$/.test(word)) return `${word}es`
  if (/z$/.test(word)) return `${word.slice(0, -1)}ces`
  const stressed = word.match(/^(.*)([áéíóú])([nslm])$/)
  if (stressed && /[ns]$/.test(word)) return `${stressed[1]}${PLAIN[stressed[2]]}${stressed[3]}es`
  if (/s$/.test(word)) return word
  return `${word}es`
}

/** The plural of a Spanish noun: of its head, and of adjectives behind it; what follows "de" stays. */
export function pluralOf(noun: string): string {
  const [head, ...rest] = noun.split(' ')
  const tail = /^del?$/.test(rest[0] ?? '') ? rest : rest.map(pluralOfWord)
  return [pluralOfWord(head), ...tail].join(' ')
}

/** Colours: masculine, feminine, and their plurals. */
export const COLORS: Readonly<Record<Color, readonly [string, string, string, string]>> = {
  red: ['rojo', 'roja', 'rojos', 'rojas'],
  green: ['verde', 'verde', 'verdes', 'verdes'],
  blue: ['azul', 'azul', 'azules', 'azules'],
  yellow: ['amarillo', 'amarilla', 'amarillos', 'amarillas'],
  orange: ['naranja', 'naranja', 'naranjas', 'naranjas'],
  purple: ['morado', 'morada', 'morados', 'moradas'],
  pink: ['rosa', 'rosa', 'rosas', 'rosas'],
  brown: ['marrón', 'marrón', 'marrones', 'marrones'],
  black: ['negro', 'negra', 'negros', 'negras'],
  white: ['blanco', 'blanca', 'blancos', 'blancas'],
  gray: ['gris', 'gris', 'grises', 'grises'],
  cyan: ['celeste', 'celeste', 'celestes', 'celestes'],
}

export const SHAPE_NAMES: Readonly<Record<Shape, readonly [string, Gender]>> = {
  circle: ['círculo', 'm'],
  square: ['cuadrado', 'm'],
  triangle: ['triángulo', 'm'],
  star: ['estrella', 'f'],
  cross: ['cruz', 'f'],
  ring: ['aro', 'm'],
  diamond: ['rombo', 'm'],
  heart: ['corazón', 'm'],
}

export const MEMBERS: Readonly<Record<Group, readonly [string, Gender]>> = {
  animal: ['animal', 'm'],
  food: ['alimento', 'm'],
  plant: ['planta', 'f'],
  vehicle: ['vehículo', 'm'],
  clothing: ['prenda de ropa', 'f'],
  instrument: ['instrumento musical', 'm'],
  building: ['edificio', 'm'],
  tool: ['herramienta', 'f'],
  toy: ['juguete', 'm'],
  device: ['aparato', 'm'],
  household: ['objeto de casa', 'm'],
  sky: ['cosa del cielo', 'f'],
}

export const KINDS: Readonly<Record<Group, string>> = {
  animal: 'animal',
  food: 'comida',
  plant: 'planta',
  vehicle: 'vehículo',
  clothing: 'ropa',
  instrument: 'instrumento',
  building: 'edificio',
  tool: 'herramienta',
  toy: 'juguete',
  device: 'aparato',
  household: 'hogar',
  sky: 'cielo',
}

export const VOICES: Readonly<Record<Voice, string>> = {
  tone: 'un tono',
  rise: 'un tono que sube',
  fall: 'un tono que baja',
  noise: 'un soplido',
  bell: 'una campana',
  knock: 'un golpe',
  buzz: 'un zumbido',
  rhythm: 'un ritmo',
}
