import { Option } from 'commander'
import { FoveaError } from '../../errors.ts'
import { exportWorld } from '../../evaluation/export-world.ts'
import { LANGUAGES, SPLITS, type Split, VENDORS, type Vendor } from '../../world/index.ts'
import { EXPORT_TASKS } from '../../world/node-exhibits.ts'
import { worldGallery } from '../../world/node-gallery.ts'
import { command } from '../command.ts'
import { assertOutput, writeOutput } from '../output-file.ts'
import { integer, number } from '../parsers.ts'
import { note, print } from '../terminal.ts'

interface WorldOptions {
  task: string
  split: Split
  seed: number
  n?: number
  out?: string
  gallery?: string
  language: string
  vendor?: Vendor
  frames?: number
  rate?: number
  form?: 'fovea' | 'vlmevalkit'
  json?: boolean
}

export const worldCommand = command<WorldOptions>({
  name: 'world',
  summary: 'Write images with questions and exact answers from a seed',
  examples: [
    'fovea world --task count --split test --seed 7 --n 16 --out counting',
    'fovea world --task all --n 100 --out samples',
    'fovea world --task dialogue --split train --n 8 --out dialogues',
    'fovea world --task things --n 100 --form vlmevalkit --out things',
    'fovea world --gallery world.html',
    'fovea world --task video --frames 16 --rate 2 --n 8 --out films',
    'fovea world --task things --language es --vendor fxemoji --n 16 --out cosas',
  ],
  configure: (program) =>
    program
      .option('--out <folder>', 'where to write files and data.jsonl')
      .option('--gallery <file>', 'write a page of samples of every task instead, or of --task')
      .option('--task <task>', `all (every question about shapes), or one of ${EXPORT_TASKS.join(', ')}`, 'all')
      .option('--split <split>', `one of ${SPLITS.join(', ')}`, 'test')
      .option('--seed <number>', 'another seed, other images', integer(), 0)
      .option('--n <count>', 'number of samples, 16 unless given; of each task 2 in a gallery', integer(1))
      .option('--language <language>', `of questions about things: one of ${LANGUAGES.join(', ')}`, 'en')
      .option('--vendor <vendor>', `whose drawings of things: one of ${VENDORS.join(', ')}; fxemoji for tests only`)
      .option('--frames <count>', 'length of films, 8 unless given; more than 32 make a stream of shots', integer(1))
      .option('--rate <number>', 'frames of a second of film, 1 unless given', number())
      .addOption(
        new Option(
          '--form <form>',
          'fovea: pictures and data.jsonl (the default); vlmevalkit: a table data.tsv with the pictures in it',
        ).choices(['fovea', 'vlmevalkit']),
      )
      .option('--json', 'print one JSON object instead of text'),
  finishes: true,
  run: async ({ options, signal }) => {
    const { task, split, seed, out, language, vendor, frames, rate, gallery, form, json } = options
    const what = {
      split,
      seed,
      language,
      frames,
      rate,
      ...(vendor && { vendors: [vendor] }),
      ...(task !== 'all' && { task }),
    }
    const isTable = form === 'vlmevalkit'
    if (gallery !== undefined && form !== undefined)
      throw new FoveaError(
        'options_conflict',
        'usage',
        '--form is about --out, and --gallery writes a page; leave one out',
      )
    if (gallery !== undefined) {
      await assertOutput(gallery, [])
      const { page, samples } = worldGallery({ ...what, n: options.n ?? 2, signal })
      await writeOutput(gallery, new TextEncoder().encode(page))
      print(json ? JSON.stringify({ gallery, samples }) : `wrote ${samples} samples to ${gallery}`)
      return
    }
    if (out === undefined)
      throw new FoveaError(
        'world-out',
        'usage',
        'say where to write: --out <folder> or --gallery <file>; see fovea world --help',
      )
    const n = options.n ?? 16
    const written = await exportWorld({ ...what, n, outDir: out, signal, ...(isTable && { form }) })
    if (signal.aborted) note(`stopped after ${written} of ${n} samples in ${out}`)
    else if (json) print(JSON.stringify({ folder: out, images: written, task, split, seed }))
    else if (isTable) print(`wrote ${written} samples to ${out}/data.tsv`)
    else print(`wrote ${written} samples and data.jsonl to ${out}`)
  },
})
