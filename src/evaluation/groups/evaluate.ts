/** How well a model answers a group of questions about World 2 that it never saw. */

import { type Chair, chair } from '../../world/bias/pope.ts'
import type { QA } from '../../world/index.ts'
import type { Examiner, Verdict } from '../exam/examiner.ts'
import { blindfolded } from '../exam/shown.ts'
import { chance, majorityAnswer } from '../majority.ts'
import { type Score, scoreAnswer } from '../score.ts'
import type { Group, GroupOptions, Section, SectionItem } from './section.ts'

/** One question, what the model said, and who else would have been right. */
export interface GroupRow extends Score {
  readonly group: string
  readonly section: string
  /** The task of the section; questions of dialogues and mixes have their own in `asked`. */
  readonly task: string
  readonly asked: string
  readonly index: number
  readonly language: string
  readonly question: string
  readonly answer: string
  readonly reply: string
  /** Shows a composition that training never showed. */
  readonly heldOut: boolean
  /** Probability that a guess among the allowed answers is right. */
  readonly chance: number
  readonly majorityCorrect: boolean
  /** Whether the answer was right with less to see: `blind`, and of films `shuffled` and each `frame`. */
  readonly others: Readonly<Record<string, boolean>>
  readonly chair?: Chair
}

export interface GroupRun extends GroupOptions {
  readonly examiner: Examiner
  /** Items per task. */
  readonly n: number
  /** Only these; all unless given. */
  readonly tasks?: readonly string[]
  readonly signal?: AbortSignal
  /** Called after each item with its rows. */
  readonly onRows?: (rows: readonly GroupRow[], done: number, total: number) => void
}

/** Sections of a group with the tasks that are asked for; sections without any are left out. */
export const sectionsOf = (group: Group, options: GroupOptions, tasks: readonly string[] = []): readonly Section[] =>
  group
    .sections(options)
    .map((section) => {
      const own = section.tasks.filter((task) => tasks.length === 0 || tasks.includes(task))
      return { ...section, tasks: own }
    })
    .filter((section) => section.tasks.length > 0)

/** Asks every question of a group, with all there is to see and with less; ends early, with the rows so far, when told to. */
export async function evaluateGroup(group: Group, run: GroupRun): Promise<GroupRow[]> {
  const sections = sectionsOf(group, run, run.tasks)
  const total = run.n * sections.reduce((sum, { tasks }) => sum + tasks.length, 0)
  const majority = majorities(run.seed)
  const rows: GroupRow[] = []
  let done = 0
  for (const section of sections)
    for (const task of section.tasks)
      for (let index = 0; index < run.n; index++) {
        const item = await section.item(task, index)
        const fresh = await judge(run.examiner, item, { group: group.id, section, task, index, majority })
        if (run.signal?.aborted) return rows // these answers were cut short
        rows.push(...fresh)
        run.onRows?.(fresh, ++done, total)
      }
  return rows
}

interface Place {
  readonly group: string
  readonly section: Section
  readonly task: string
  readonly index: number
  readonly majority: (qa: QA, language: string) => string
}

async function judge(examiner: Examiner, item: SectionItem, place: Place): Promise<GroupRow[]> {
  const { shown, conversations, others = {} } = item
  const verdicts = await examiner.ask(shown, conversations, 'replies')
  const arms: [string, Verdict[][]][] = []
  for (const [name, other] of Object.entries({ blind: blindfolded(shown), ...others }))
    arms.push([name, await examiner.ask(other, conversations, 'verdicts')])
  return conversations.flatMap((turns, at) =>
    turns.map((qa, turn) => {
      const others = Object.fromEntries(arms.map(([name, found]) => [name, found[at][turn].correct]))
      return rowOf(qa, verdicts[at][turn], item, place, others)
    }),
  )
}

function rowOf(
  qa: QA,
  verdict: Verdict,
  { heldOut, scene }: SectionItem,
  { group, section, task, index, majority }: Place,
  others: GroupRow['others'],
): GroupRow {
  const { reply = '', ...score } = verdict
  const { id, language } = section
  return {
    ...{ group, section: id, task, asked: qa.task, index, language },
    ...{ question: qa.question, answer: qa.answer, reply },
    ...score,
    heldOut,
    chance: chance(qa),
    majorityCorrect: scoreAnswer(qa, majority(qa, language)).correct,
    others,
    ...(scene && { chair: chair(reply, scene, language) }),
  }
}

/** Majorities of tasks, each found once. */
function majorities(seed: number): Place['majority'] {
  const known = new Map<string, string>()
  return ({ task, candidates }, language) => {
    const key = `${task} ${language}`
    const found = known.get(key) ?? majorityAnswer(task, seed, language, candidates)
    known.set(key, found)
    return found
  }
}
