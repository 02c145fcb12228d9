/** What groups of questions about World 2 are made of. */
import type { QA, Scene, Split, Vendor } from '../../world/index.ts'
import type { Shown } from '../exam/shown.ts'

export interface GroupOptions {
  readonly split: Split
  readonly seed: number
  /** Whose drawings of things are shown, each by itself; the trained vendors together and the one never seen unless given. */
  readonly vendors?: readonly Vendor[]
  /** Length of films and their frames in a second. */
  readonly frames: number
  readonly rate: number
}

/** Pictures with conversations about them. */
export interface SectionItem {
  readonly shown: Shown
  readonly conversations: readonly (readonly QA[])[]
  readonly heldOut: boolean
  /** The same shown in other ways, by name: what is answered so needs less than the whole. */
  readonly others?: Readonly<Record<string, Shown>>
  /** Of captions whose things are counted: what there is to be seen. */
  readonly scene?: Scene
}

/** Questions whose figures stand in a table of their own. */
export interface Section {
  readonly id: string
  readonly title: string
  readonly tasks: readonly string[]
  /** Of the questions. */
  readonly language: string
  /** The item of a task at an index: a function of the options alone. */
  readonly item: (task: string, index: number) => SectionItem | Promise<SectionItem>
}

export interface Group {
  readonly id: string
  /** One line for `--help`. */
  readonly about: string
  /** Throws what the World refuses: packages that are missing, vendors that a split must not see. */
  readonly sections: (options: GroupOptions) => readonly Section[]
}
