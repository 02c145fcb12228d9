import { LISTS } from './names.ts'

export const VENDORS = ['noto', 'fluent-emoji-flat', 'fxemoji'] as const
export type Vendor = (typeof VENDORS)[number]

/** Vendors whose drawings training scenes show; the other one is kept to test what was really learnt. */
export const TRAINED_VENDORS: readonly Vendor[] = ['noto', 'fluent-emoji-flat']

export const GROUPS = Object.keys(LISTS) as (keyof typeof LISTS)[]
export type Group = (typeof GROUPS)[number]

/** Gender of a Spanish noun; `a` for feminine ones that begin with a stressed a ("el hacha"). */
export type Gender = 'm' | 'f' | 'a'

export interface ThingName {
  /** English, singular: what the thing is called in scenes. */
  readonly name: string
  readonly group: Group
  readonly spanish: string
  readonly gender: Gender
  /** What each vendor calls its icon; absent where it has none. */
  readonly icons: Readonly<Partial<Record<Vendor, string>>>
}

function readEntry(group: Group, entry: string): ThingName {
  const [, head, icon, third, spanish, gender] = entry.match(/^(\w+)(?:=([\w-]+))?(?:@([\w-]+))? (\S+) ([mfa])$/)!
  const usual = icon ?? head.replaceAll('_', '-')
  const icons = { noto: usual, 'fluent-emoji-flat': usual, ...(third && { fxemoji: third }) }
  const [name, other] = [head, spanish].map((text) => text.replaceAll('_', ' '))
  return { name, group, spanish: other, gender: gender as Gender, icons }
}

/** Every thing, group by group. */
export const THINGS: readonly ThingName[] = GROUPS.flatMap((group) =>
  LISTS[group].split(';').map((entry) => readEntry(group, entry.trim())),
)

const byName = new Map(THINGS.map((thing) => [thing.name, thing]))

/** The thing of a name. Throws RangeError for a name that is not in the table. */
export function thingNamed(name: string): ThingName {
  const thing = byName.get(name)
  if (!thing) throw new RangeError(`The World has no thing called "${name}"`)
  return thing
}

/** The things that a vendor draws. */
export const thingsOf = (vendor: Vendor): ThingName[] => THINGS.filter(({ icons }) => icons[vendor] !== undefined)
