import type { Rng } from './rng.ts'

/** Common words of 3 to 6 letters. */
const WORDS = `ACT AIR ANT ARM ART BAG BED BEE BIG BOX BOY BUS CAR CAT COW CUP DAY DOG DRY EAR EGG EYE FAN FIG FLY FOX
FUN GAS GOLD HAT HEN HOT ICE INK JAM JAR JOY KEY KID LEG LIP LOG MAN MAP MIX MUD NET NEW NUT OAK OIL OLD OWL PAN PEN
PIE PIG POT RAT RUN SEA SKY SUN TEA TOY VAN WAX WEB WIN YES ZOO BABY BALL BAND BANK BEAR BELL BIRD BLUE BOAT BOOK BREAD
BRUSH CAKE CHAIR CITY CLOCK CLOUD CORN DANCE DESK DOOR DREAM DRUM DUCK EARTH FACE FARM FIELD FIRE FISH FLAG FLOWER FORK
FROG FRUIT GAME GARDEN GATE GLASS GRASS GREEN HAND HAPPY HEART HILL HOME HORSE HOTEL HOUSE ISLAND JACKET JUICE JUMP KING
KITE LAMP LEAF LEMON LIGHT LION MAGIC MARKET MILK MONEY MOON MOUSE MUSIC NIGHT NORTH NURSE OCEAN OFFICE ONION OPEN
ORANGE PAPER PARK PENCIL PIANO PLANE PLANT POCKET POWER QUEEN QUICK QUIET RABBIT RADIO RAIN RIVER ROAD ROBOT ROCK ROOF
SALT SAND SCHOOL SHIP SHOE SHOP SILVER SMILE SNOW SOUTH SPOON SPRING STAR STONE SUGAR SUMMER TABLE TAXI TIGER TRAIN
TREE TRUCK UNCLE UNDER VALLEY VOICE WATER WHEEL WIND WINDOW WINTER WOLF WOOD WORLD YELLOW YOUNG ZEBRA ZERO`
  .split(/\s+/)
  .filter((word) => word.length >= 3 && word.length <= 6)

const CONSONANTS = [...'BCDFGHJKLMNPQRSTVWXYZ']
const VOWELS = [...'AEIOU']

/** A pronounceable string of 3 to 6 capitals that is in no dictionary on purpose: it can only be read. */
function inventedWord(rng: Rng): string {
  const length = rng.int(3, 6)
  const start = rng.int(0, 1)
  return Array.from({ length }, (_, i) => rng.pick((i + start) % 2 === 0 ? CONSONANTS : VOWELS)).join('')
}

/** A word to write: half from the list, half invented. */
export function pickWord(rng: Rng): string {
  return rng.chance(0.5) ? rng.pick(WORDS) : inventedWord(rng)
}

/** Three-letter names for bars. */
export const BAR_NAMES = [
  'ANN',
  'BOB',
  'CAT',
  'DAN',
  'EVE',
  'FOX',
  'GUS',
  'HEN',
  'IAN',
  'JIM',
  'KIM',
  'LEO',
  'OAK',
  'TOM',
]
