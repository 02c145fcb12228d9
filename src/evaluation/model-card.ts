/** The model card of fovea-mini, written from measured results only. */
import type { Proportion } from './proportion.ts'
import type { Summary, TaskSummary } from './summary.ts'

/** What a card is written from. */
export interface CardFacts {
  readonly parameters: number
  readonly visualTokens: number
  readonly imageSize: number
  readonly seed: number
  readonly split: string
  readonly world: Summary
  readonly drawings: Summary
  /** The command line that measured this. */
  readonly command: string
}

/** What the model is meant to reach; a missed figure is named as missed. */
export const targets = { average: 0.85, leastTask: 0.65, boxIou: 0.6, blindAtMost: 0.45 }

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const interval = ({ share, low, high }: Proportion): string =>
  `${percent(share)} (${(100 * low).toFixed(1)}-${(100 * high).toFixed(1)})`

function taskRow({ task, count, accuracy, blind, chance, majority, meanIou }: TaskSummary): string {
  const cells = [task, String(count), interval(accuracy), ...[blind, chance, majority].map(percent)]
  return `| ${[...cells, meanIou === undefined ? '' : meanIou.toFixed(3)].join(' | ')} |`
}

/** Tasks as a Markdown table, their mean below. */
export function taskTable({ tasks, average }: Summary): string {
  const { count, accuracy, blind, chance, majority } = average
  return [
    '| task | questions | accuracy (95 % interval) | blind | random | majority | mean box IoU |',
    '|---|--:|--:|--:|--:|--:|--:|',
    ...tasks.map(taskRow),
    `| **mean** | ${count} | ${interval(accuracy)} | ${[blind, chance, majority].map(percent).join(' | ')} | |`,
  ].join('\n')
}

/** Every target as a line that says whether it was met. */
export function targetLines({ tasks, average }: Summary): string[] {
  const worst = [...tasks].sort((a, b) => a.accuracy.share - b.accuracy.share)[0]
  const box = tasks.find((task) => task.meanIou !== undefined)
  const line = (met: boolean, name: string, aim: string, found: string) =>
    `- ${name}: ${found}, target ${aim}: ${met ? 'met' : '**missed**'}`
  const { accuracy, blind } = average
  return [
    line(
      accuracy.share >= targets.average,
      'mean accuracy',
      `at least ${percent(targets.average)}`,
      percent(accuracy.share),
    ),
    ...(worst
      ? [
          line(
            worst.accuracy.share >= targets.leastTask,
            `weakest task (${worst.task})`,
            `at least ${percent(targets.leastTask)}`,
            percent(worst.accuracy.share),
          ),
        ]
      : []),
    ...(box
      ? [line(box.meanIou! >= targets.boxIou, 'mean box IoU', `at least ${targets.boxIou}`, box.meanIou!.toFixed(3))]
      : []),
    line(blind < targets.blindAtMost, 'blind accuracy', `below ${percent(targets.blindAtMost)}`, percent(blind)),
  ]
}

const frontMatter = ['---', 'license: apache-2.0', 'library_name: fovea', 'pipeline_tag: image-text-to-text', '---']

/** The whole card as Markdown. */
export function modelCard(facts: CardFacts): string {
  const { world, drawings } = facts
  return [
    ...frontMatter,
    '# fovea-mini',
    '',
    `A small vision-language model in LLaVA form (ViT, MLP connector, LLaMA-style decoder; ${(facts.parameters / 1e6).toFixed(2)} million`,
    `weights, ${facts.visualTokens} visual tokens for an image of ${facts.imageSize} x ${facts.imageSize} pixels). It was trained by this project on`,
    'Fovea World, which draws scenes from a seed and asks questions with exact answers, and by nothing else. It is there',
    'to run, test and compare the methods of this project in seconds; it is not a model to rely on.',
    '',
    '## Accuracy',
    `On the ${facts.split} split, seed ${facts.seed}, which training never draws from; answers must equal the truth, boxes must overlap it`,
    'by half. Blind: the same model shown a plain gray image. Random: a guess among the answers that the question',
    'allows. Majority: the most frequent answer among training questions of the task.',
    '',
    taskTable(world),
    '',
    ...targetLines(world),
    '',
    `Scenes with combinations of colour, shape and relation that training never shows: ${interval(world.heldOut)} of ${world.heldOut.count}`,
    `questions; all others: ${interval(world.seen)} of ${world.seen.count}.`,
    '',
    '## Drawings by another renderer',
    'Filled shapes on plain paper, written as SVG and rasterised by sharp instead of the canvas that training used.',
    '',
    taskTable(drawings),
    '',
    '## What it cannot do',
    'It knows the World and nothing beyond: no photographs, no objects other than eight shapes, no words beyond the',
    'phrasings it was taught, no language but this English, no knowledge of any kind. Asked about anything else it answers',
    'all the same, and wrongly. Text is read letter by letter in five fonts; charts have one series of bars. Images are',
    `scaled to ${facts.imageSize} x ${facts.imageSize} pixels whatever their shape, so small things vanish.`,
    '',
    '## How these figures are made',
    '```sh',
    facts.command,
    '```',
    '',
  ].join('\n')
}
