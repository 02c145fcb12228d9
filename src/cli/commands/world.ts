import { exportWorld } from '../../evaluation/export-world.ts'
import { SPLITS, type Split, TASK_IDS } from '../../world/index.ts'
import { command } from '../command.ts'
import { integer } from '../parsers.ts'
import { note, print } from '../terminal.ts'

interface WorldOptions {
  task: string
  split: Split
  seed: number
  n: number
  out: string
  json?: boolean
}

export const worldCommand = command<WorldOptions>({
  name: 'world',
  summary: 'Write images with questions and exact answers from a seed',
  examples: [
    'fovea world --task count --split test --seed 7 --n 16 --out counting',
    'fovea world --task all --n 100 --out samples',
    'fovea world --task dialogue --split train --n 8 --out dialogues',
  ],
  configure: (program) =>
    program
      .requiredOption('--out <folder>', 'where to write PNG files and data.jsonl')
      .option('--task <task>', `one of all, dialogue, ${TASK_IDS.join(', ')}`, 'all')
      .option('--split <split>', `one of ${SPLITS.join(', ')}`, 'test')
      .option('--seed <number>', 'another seed, other images', integer(), 0)
      .option('--n <count>', 'number of images', integer(1), 16)
      .option('--json', 'print one JSON object instead of text'),
  finishes: true,
  run: async ({ options: { task, split, seed, n, out, json }, signal }) => {
    const written = await exportWorld({ task: task === 'all' ? undefined : task, split, seed, n, outDir: out, signal })
    if (signal.aborted) note(`stopped after ${written} of ${n} images in ${out}`)
    else if (json) print(JSON.stringify({ folder: out, images: written, task, split, seed }))
    else print(`wrote ${written} images and data.jsonl to ${out}`)
  },
})
