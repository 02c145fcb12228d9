/** The model card of fovea-mini, written from measured results only. */
import type { SectionSummary } from './groups/group-summary.ts'
import { heldOutLine, markdownTable, sectionTable, targetLine } from './groups/group-tables.ts'
import { type Measured, targetsOf } from './groups/targets.ts'

/** What a card is written from. */
export interface CardFacts {
  readonly parameters: number
  /** Visual tokens of one picture. */
  readonly visualTokens: number
  readonly imageSize: number
  readonly seed: number
  readonly split: string
  /** Frames of the films. */
  readonly frames: number
  /** In the order of the card. */
  readonly groups: readonly CardGroup[]
  /** A picture of answers that lies beside the card. */
  readonly sheet?: string
  /** The command line that measured this. */
  readonly command: string
}

export interface CardGroup {
  readonly id: string
  readonly about: string
  readonly sections: readonly (SectionSummary & { readonly title: string })[]
}

const frontMatter = ['---', 'license: apache-2.0', 'library_name: fovea', 'pipeline_tag: image-text-to-text', '---']

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

function groupLines({ id, about, sections }: CardGroup): string[] {
  const parts = sections.flatMap((section) => [
    ...(sections.length > 1 ? [`### ${capital(section.title)}`] : []),
    markdownTable(sectionTable(section)),
    '',
    heldOutLine(section),
    '',
  ])
  return [`## ${capital(id)}`, `${capital(about)}.`, '', ...parts]
}

function sheetLines(sheet: string | undefined): string[] {
  if (!sheet) return []
  return [
    '## Ten right answers and ten wrong ones',
    'About things as the vendor draws them that training never shows, drawn by lot among all questions of the group.',
    '',
    `![Questions, answers and truths about things of the vendor never seen](${sheet})`,
    '',
  ]
}

/** The whole card as Markdown. */
export function modelCard(facts: CardFacts): string {
  const { groups, imageSize, frames } = facts
  const measured: Measured = Object.fromEntries(groups.map(({ id, sections }) => [id, sections]))
  return [
    ...frontMatter,
    '# fovea-mini',
    '',
    `A small vision-language model in LLaVA form (ViT, MLP connector, LLaMA-style decoder; ${(facts.parameters / 1e6).toFixed(2)} million`,
    `weights, ${facts.visualTokens} visual tokens for an image of ${imageSize} x ${imageSize} pixels). It was trained by this project on`,
    'Fovea World, which draws scenes from a seed and asks questions with exact answers, and by nothing else. It is there',
    'to run, test and compare the methods of this project in seconds; it is not a model to rely on.',
    '',
    '## Aims',
    ...targetsOf(measured).map(targetLine),
    '',
    '## How it was measured',
    `On the ${facts.split} split, seed ${facts.seed}, which training never draws from. Answers are greedy and must equal the truth; boxes and`,
    'stretches of time must overlap it by half (mean IoU), points must lie in the box of the thing. Blind: the same model',
    'shown plain gray pictures. Random: a guess among the answers that the question allows. Majority: the most frequent',
    `answer among training questions of the task. Films are ${frames} frames, each an image with its second written before it;`,
    'shuffled: the same frames in another order; best frame: the one place in the film whose frame alone helps most.',
    '',
    ...groups.flatMap(groupLines),
    ...sheetLines(facts.sheet),
    '## What it cannot do',
    'It knows the World and nothing beyond: no photographs, no things but those of the World, no words beyond the phrasings it',
    'was taught, no language but this English and this Spanish, no sound. Asked about anything else it answers all the same,',
    'and wrongly. Text is read letter by letter in five fonts; charts have one series of bars. Images are scaled to',
    `${imageSize} x ${imageSize} pixels whatever their shape, so small things vanish.`,
    '',
    '## How these figures are made',
    '```sh',
    facts.command,
    '```',
    '',
  ].join('\n')
}
