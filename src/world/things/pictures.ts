import { say, tongueOf, type WorldTongue } from '../language/index.ts'
import type { QA } from '../questions/task.ts'
import { Rng } from '../rng.ts'
import type { Scene } from '../scene.ts'
import { isHeldOutMeeting } from './held-out.ts'
import { type Item, nameOf } from './item.ts'
import { makeThingScene, type ThingSceneKey } from './make-thing-scene.ts'
import { absentThing, COUNTS } from './questions/count.ts'
import { answerOf, aOf, itemsOf } from './questions/names.ts'
import { yesNo } from './questions/task.ts'
import { THINGS, type ThingName, TRAINED_VENDORS, type Vendor } from './table.ts'
import type { ThingSample, ThingSampleKey } from './thing-sample.ts'

interface Pictures {
  readonly scenes: readonly Scene[]
  readonly rng: Rng
  readonly tongue: WorldTongue
}
type Ask = (pictures: Pictures) => Omit<QA, 'task'> | undefined

const namesIn = (scene: Scene): string[] => itemsOf(scene).map(nameOf)
const shows = (scene: Scene, name: string): boolean => namesIn(scene).includes(name)
const ordinalsOf = ({ scenes, tongue }: Pictures) => tongue.ordinals.slice(0, scenes.length)

/** A name that exactly one picture shows, and which. */
function pickLone({ scenes, rng }: Pictures): { name: string; at: number } | undefined {
  const all = rng.shuffle([...new Set(scenes.flatMap(namesIn))])
  const name = all.find((candidate) => scenes.filter((scene) => shows(scene, candidate)).length === 1)
  return name === undefined ? undefined : { name, at: scenes.findIndex((scene) => shows(scene, name)) }
}

const same: Ask = ({ scenes: [a, b], rng, tongue }) => {
  const [first, second] = [a, b].map((scene) => [...new Set(namesIn(scene))].sort().join())
  const answer = first === second ? tongue.yes : tongue.no
  return { question: say(tongue, rng, 'same'), answer, candidates: yesNo(tongue) }
}

const which: Ask = (pictures) => {
  const { rng, tongue } = pictures
  const lone = pickLone(pictures)
  if (!lone) return undefined
  const question = say(tongue, rng, 'which', { a: aOf(tongue, { name: lone.name }) })
  return { question, answer: tongue.ordinals[lone.at], candidates: ordinalsOf(pictures) }
}

const across: Ask = ({ scenes, rng, tongue }) => {
  const items = scenes.flatMap(itemsOf) as Item[]
  const absent = rng.chance(0.25) ? absentThing(items, rng) : undefined
  const name = absent && !absent.color ? absent.name! : nameOf(rng.pick(items))
  const count = scenes.filter((scene) => shows(scene, name)).length
  const question = say(tongue, rng, 'across', { a: aOf(tongue, { name }) })
  return { question, answer: String(count), candidates: COUNTS.slice(0, scenes.length + 1) }
}

const total: Ask = ({ scenes, rng, tongue }) => {
  const items = scenes.flatMap(itemsOf)
  const name = nameOf(rng.pick(items))
  const count = items.filter((item) => nameOf(item) === name).length
  if (count >= COUNTS.length) return undefined
  const phrase = tongue.phrase({ name }, true)
  const question = say(tongue, rng, 'total', { many: phrase.text, howMany: tongue.howMany(phrase) })
  return { question, answer: String(count), candidates: COUNTS }
}

/** The only thing of one picture that another lacks. */
const extra: Ask = ({ scenes, rng, tongue }) => {
  const [first, second] = rng.shuffle(scenes.map((_, i) => i))
  const more = itemsOf(scenes[second]).filter((item) => !shows(scenes[first], nameOf(item)))
  if (new Set(more.map(nameOf)).size !== 1) return undefined
  const slots = { first: tongue.ordinals[first], second: tongue.ordinals[second] }
  return { question: say(tongue, rng, 'extra', slots), answer: answerOf(tongue, more[0]) }
}

const fuller: Ask = (pictures) => {
  const { scenes, rng, tongue } = pictures
  const counts = scenes.map((scene) => itemsOf(scene).length)
  const most = Math.max(...counts)
  if (counts.filter((count) => count === most).length > 1) return undefined
  const answer = tongue.ordinals[counts.indexOf(most)]
  return { question: say(tongue, rng, 'fuller'), answer, candidates: ordinalsOf(pictures) }
}

const ASK: Readonly<Record<string, Ask>> = {
  'pictures-same': same,
  'pictures-which': which,
  'pictures-across': across,
  'pictures-total': total,
  'pictures-extra': extra,
  'pictures-fuller': fuller,
}

export const PICTURE_TASK_IDS: readonly string[] = Object.keys(ASK)

interface Wish {
  readonly task: string
  readonly first: Scene
  readonly wantsSame: boolean
  readonly vendors: readonly Vendor[]
}

/** Which things another picture shows, so that it shares enough with the first for the task. */
function wishesFor({ task, first, wantsSame, vendors }: Wish, rng: Rng): Pick<ThingSceneKey, 'names' | 'exactly'> {
  const drawn = itemsOf(first).flatMap((item) => (item.kind === 'thing' ? [item.name] : []))
  if (drawn.length === 0) return {}
  const names = [...new Set(drawn)]
  const mayJoin = (name: string) => !names.some((other) => other === name || isHeldOutMeeting(name, other))
  const isDrawn = ({ icons }: ThingName) => vendors.every((vendor) => icons[vendor] !== undefined)
  const stranger = () => rng.pick(THINGS.filter((thing) => isDrawn(thing) && mayJoin(thing.name))).name
  if (task === 'pictures-extra') return { exactly: [...drawn, stranger()] }
  if (task === 'pictures-same') return { exactly: wantsSame ? drawn : [...drawn.slice(1), stranger()] }
  const shares = task === 'pictures-across' || task === 'pictures-total'
  return shares && names.length > 0 && rng.chance(0.7) ? { names } : {}
}

/** Two pictures, or up to four, with a question about all of them; a function of the key and the art. */
export function askPictures(key: ThingSampleKey, task: string): ThingSample {
  const { vendors = TRAINED_VENDORS } = key
  const rng = Rng.from(key.seed, 'world', key.split, 'pictures', task, key.index)
  const tongue = tongueOf(key.language ?? 'en')
  const wanted = rng.chance(0.5) ? tongue.yes : tongue.no
  const isPair = task === 'pictures-same' || task === 'pictures-extra'
  for (;;) {
    const make = (wishes: Pick<ThingSceneKey, 'names' | 'exactly'> = {}) => {
      const layout = isPair ? 'free' : rng.pick(['free', 'crowd'] as const)
      return makeThingScene({ ...key, ...wishes, seed: rng.uint32(), layout })
    }
    const first = make()
    const others = Array.from({ length: isPair ? 1 : rng.int(1, 3) }, () =>
      make(wishesFor({ task, first, wantsSame: wanted === tongue.yes, vendors }, rng)),
    )
    const scenes = rng.shuffle([first, ...others])
    const qa = ASK[task]({ scenes, rng, tongue })
    if (task === 'pictures-same' && qa?.answer !== wanted) continue
    const turn = qa && { task, ...qa, ...(tongue.id !== 'en' && { language: tongue.id }) }
    if (turn) return { scenes, turns: [turn], heldOut: scenes.some(({ heldOut }) => heldOut) }
  }
}

/** Up to one question of each kind about pictures that are there already; a function of the generator. */
export function askAbout(scenes: readonly Scene[], rng: Rng, language: string): QA[] {
  const tongue = tongueOf(language)
  return PICTURE_TASK_IDS.flatMap((task) => {
    // Pictures that no one chose to be alike hardly ever are.
    const qa = task === 'pictures-same' ? undefined : ASK[task]({ scenes, rng, tongue })
    return qa ? [{ task, ...qa, ...(tongue.id !== 'en' && { language: tongue.id }) }] : []
  })
}
