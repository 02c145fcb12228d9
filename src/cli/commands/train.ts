import { join } from 'node:path'
import { FoveaError } from '../../errors.ts'
import { DEFAULT_MODEL, modelPath, packageRoot } from '../../hub/package-root.ts'
import { NodeBackend } from '../../runtime/node/backend.ts'
import { extended, readTokenizer, startFrom, trainMini } from '../../training/mini/recipe.ts'
import { type MiniRun, miniStages, STAGES, type StageName, type StageOptions } from '../../training/mini/train.ts'
import { TOWER, TOWERS } from '../../training/towers/index.ts'
import type { Progress } from '../../training/trainer.ts'
import { command } from '../command.ts'
import { integer, number } from '../parsers.ts'
import { type ProgressView, progressView } from '../progress.ts'
import { note, print, table } from '../terminal.ts'

interface TrainOptions {
  out: string
  seed: number
  from?: string
  vocabulary: number
  stepsVision: number
  stepsNaming: number
  stepsDialogue: number
  batch?: number
  rate?: number
  text: number
  saveEvery: number
}

const mini = command<TrainOptions>({
  name: 'mini',
  summary: 'Train fovea-mini on Fovea World: first the vision encoder, then the whole model',
  examples: [
    'fovea train mini',
    'fovea train mini --out runs/other --seed 2',
    'fovea train mini --from models/fovea-mini --steps-vision 0 --seed 2 --out runs/longer',
    'fovea train mini --out runs/try --steps-vision 20 --steps-naming 20 --steps-dialogue 20 --batch 4',
  ],
  configure: (program) =>
    program
      .option('--out <folder>', 'states, logs and the model; a run begun there is resumed', 'runs/fovea-mini')
      .option('--seed <number>', 'of weights and data', integer(), 1)
      .option(
        '--from <folder>',
        'a model of the same shape to start from; with --steps-vision 0 and a new --seed it is trained on',
      )
      .option('--steps-vision <count>', 'steps of the first stage: the encoder', integer(0), miniStages.vision.steps)
      .option(
        '--steps-naming <count>',
        'steps of the second stage: names of things',
        integer(0),
        miniStages.naming.steps,
      )
      .option('--steps-dialogue <count>', 'steps of the third stage', integer(1), miniStages.dialogue.steps)
      .option(
        '--vocabulary <tokens>',
        'a vocabulary of fewer tokens is extended from training lessons',
        integer(1),
        1536,
      )
      .option('--batch <count>', 'pictures, then lessons per step, in all stages (default: 32, 12, 16)', integer(1))
      .option('--rate <number>', 'highest learning rate, in all stages (default: 0.002, then 0.0015)', number(0))
      .option('--text <tokens>', 'tokens of questions and answers per image', integer(32), 160)
      .option('--save-every <steps>', 'steps between saved states', integer(1), 100),
  finishes: true,
  run: async ({ options, signal }) => {
    const known = await readTokenizer(join(packageRoot, 'models/fovea-mini/tokenizer.json'))
    const { out: folder, seed, text, saveEvery, from, vocabulary: tokens } = options
    const tokenizer = await extended(known, { tokens, folder, onNote: note })
    const start = from === undefined ? undefined : await startFrom(from, tokenizer)
    const backend = new NodeBackend()
    const watch = watchTraining()
    try {
      const run = { backend, folder, seed, text, saveEvery, stages: stagesOf(options), start, signal, tokenizer }
      const model = await trainMini({ ...run, onStep: watch.onStep, onNote: watch.onNote })
      watch.stop()
      if (model)
        print(`wrote ${model} and the loss curves ${STAGES.map((name) => join(folder, `${name}.svg`)).join(', ')}`)
      else note(`stopped; the same command goes on from here: fovea ${process.argv.slice(2).join(' ')}`)
    } finally {
      watch.stop()
      await backend.dispose()
    }
  },
})

function stagesOf({ stepsVision, stepsNaming, stepsDialogue, batch, rate }: TrainOptions): MiniRun['stages'] {
  const change = (stage: StageOptions, steps: number) => ({
    ...stage,
    steps,
    batch: batch ?? stage.batch,
    rate: rate ?? stage.rate,
  })
  return {
    vision: change(miniStages.vision, stepsVision),
    naming: change(miniStages.naming, stepsNaming),
    dialogue: change(miniStages.dialogue, stepsDialogue),
  }
}

/** Shows the steps of the stages, one bar each. */
function watchTraining() {
  const views = new Map<StageName, ProgressView>()
  const viewOf = (stage: StageName) => {
    const view = views.get(stage) ?? progressView(stage.padEnd(8), 20)
    views.set(stage, view)
    return view
  }
  const smooth = smoother()
  const stop = () => {
    for (const view of views.values()) view.stop()
  }
  return {
    onStep: (stage: StageName, progress: Progress) => {
      for (const [name, view] of views) if (name !== stage) view.stop()
      viewOf(stage).update(progress.step, progress.total, smooth(stage, progress))
    },
    onNote: (line: string) => {
      stop()
      note(line)
    },
    stop,
  }
}

/** Means that forget, by name. */
function averages() {
  const means = new Map<string, number>()
  return (key: string, value: number): number => {
    const mean = 0.9 * (means.get(key) ?? value) + 0.1 * value
    means.set(key, mean)
    return mean
  }
}

/** Status of a step: smoothed losses and time. */
function smoother() {
  const average = averages()
  return (stage: string, { losses, milliseconds }: Progress): string => {
    const shown = Object.entries(losses).map(
      ([name, value]) => `${name} ${average(`${stage} ${name}`, value).toFixed(3)}`,
    )
    const seconds = average(`${stage} seconds`, milliseconds / 1000)
    return `${shown.join(' ')} · ${seconds.toFixed(2)} s a step`
  }
}

interface RecipeFlags {
  out?: string
  seed: number
  steps?: number
  scenes?: number
  base: string
  saveEvery: number
  json?: boolean
}

export const trainCommand = command<RecipeFlags>({
  name: 'train',
  summary: 'Train the weights of a method, or a model; interrupted runs are resumed',
  examples: [
    'fovea train',
    'fovea train mqt',
    'fovea train tower-zc --out runs/tower-zc',
    'fovea train lora:rank=16 --out runs/wide --seed 2',
    'fovea train mqt --steps 20 --out runs/try --json',
    'fovea train mini --help',
  ],
  configure: (program) =>
    program
      .argument('[method]', 'as fovea train lists it, with options as in --method; without it: what can be trained')
      .option('--out <folder>', 'states, logs, curves and the adapter (default: runs/METHOD)')
      .option('--seed <number>', 'of weights and data', integer(), 1)
      .option('--steps <count>', 'steps of every stage, in the place of those of the recipe', integer(1))
      .option('--scenes <count>', 'scenes whose features are kept, in the place of those of the recipe', integer(1))
      .option('--base <name>', 'the model that is trained on', DEFAULT_MODEL)
      .option('--save-every <steps>', 'steps between saved states', integer(1), 50)
      .option('--json', 'print one JSON object'),
  subcommands: [mini as never],
  finishes: true,
  run: async ({ args: [method], options, signal }) => {
    if (method === undefined) return print(await listTrainable(options.json))
    if ((method as string).startsWith(TOWER)) await trainOneTower(method as string, options, signal)
    else await trainRecipe(method as string, options, signal)
  },
})

async function listTrainable(json?: boolean): Promise<string> {
  const { trainable } = await import('../../papers/train.ts')
  const found = trainable.map(({ id, name, options, recipe }) => {
    const { stages } = recipe!(options?.parse({}) ?? {})
    return { id, name, stages: stages.map(({ name, steps }) => ({ name, steps })) }
  })
  const towers = TOWERS.map(({ id, about }) => ({ id: `${TOWER}${id}`, name: about }))
  if (json) return JSON.stringify([...found, ...towers])
  const rows = found.map(({ id, name, stages }) => [
    id,
    name,
    stages.map((stage) => `${stage.name} ${stage.steps}`).join(', '),
  ])
  return table(
    ['id', 'name', 'stages and steps'],
    [['mini', 'fovea-mini', 'see fovea train mini --help'], ...rows, ...towers.map(({ id, name }) => [id, name, ''])],
  )
}

async function trainRecipe(method: string, options: RecipeFlags, signal: AbortSignal): Promise<void> {
  const { trainMethod } = await import('../../papers/train.ts')
  const { json, base, ...rest } = options
  const watch = watchStages()
  try {
    const { onStep, onNote } = watch
    const done = await trainMethod(method, { ...rest, base: modelPath(base), signal, onStep, onNote })
    watch.stop()
    if (!done) note(`stopped; the same command goes on from here: fovea ${process.argv.slice(2).join(' ')}`)
    else if (json) print(JSON.stringify(done))
    else
      print(
        `wrote ${done.adapter}, ${done.weights} weights, and the loss curves ${done.curves.join(', ')}; ` +
          `use it: --method ${done.id}:weights=${done.adapter}`,
      )
  } finally {
    watch.stop()
  }
}

/** A small encoder, or a language model, that methods put beside a model. Throws FoveaError `options_conflict`. */
async function trainOneTower(name: string, options: RecipeFlags, signal: AbortSignal): Promise<void> {
  const { json, base, out = join('runs', name), scenes, ...rest } = options
  if (scenes !== undefined)
    throw new FoveaError('options_conflict', 'usage', `${name} draws its scenes itself; leave --scenes out`)
  const { trainTower } = await import('../../training/towers/train-tower.ts')
  const backend = new NodeBackend()
  const { onStep, onNote, stop } = watchStages()
  try {
    const done = await trainTower(name, {
      ...rest,
      backend,
      base: modelPath(base),
      folder: out,
      signal,
      onStep,
      onNote,
    })
    stop()
    if (!done) note(`stopped; the same command goes on from here: fovea ${process.argv.slice(2).join(' ')}`)
    else if (json) print(JSON.stringify(done))
    else print(`wrote ${done.model}, ${done.weights} weights in ${done.bytes} bytes, and the loss curve ${done.curve}`)
  } finally {
    stop()
    await backend.dispose()
  }
}

/** One bar per stage: smoothed losses, steps per second. */
function watchStages() {
  let current: { stage: string; view: ProgressView } | undefined
  const smooth = smoother()
  const stop = () => current?.view.stop()
  return {
    onStep: (stage: string, progress: Progress) => {
      if (current?.stage !== stage) stop()
      if (current?.stage !== stage) current = { stage, view: progressView(stage.padEnd(8), 20) }
      current.view.update(progress.step, progress.total, smooth(stage, progress))
    },
    onNote: (line: string) => {
      stop()
      note(line)
    },
    stop,
  }
}
