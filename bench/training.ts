import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { llava } from '../src/models/vlm/llava.ts'
import { createScope } from '../src/nn/index.ts'
import { f32, type Value } from '../src/runtime/index.ts'
import { createTokenizer } from '../src/text/tokenizer.ts'
import { initialise } from '../src/training/initialise.ts'
import { miniConfig } from '../src/training/mini/config.ts'
import { lessonBatches } from '../src/training/mini/data.ts'
import { denseClasses, summaryWidth } from '../src/training/mini/dense.ts'
import { lessonLosses } from '../src/training/mini/losses.ts'
import { partsOf } from '../src/training/mini/parts.ts'
import { special } from '../src/training/mini/tokenizer.ts'
import { optimizerFor } from '../src/training/mini/train.ts'
import { compileStep, pick } from '../src/training/step.ts'
import { Rng } from '../src/world/rng.ts'
import { type Benchmark, type Context, median, medianOf, type Row, type Skipped } from './row.ts'

const SHAPE = { batch: 16, text: 192 }
/** The lessons about one picture: what the step of PyTorch computes, too. */
const parts = [{ ...partsOf(SHAPE)[0], batch: SHAPE.batch }]
const WARMUP = 2

async function setUp() {
  const path = fileURLToPath(new URL('../models/fovea-mini/tokenizer.json', import.meta.url))
  const tokenizer = createTokenizer(JSON.parse(await readFile(path, 'utf8')))
  const config = miniConfig(tokenizer.vocabSize, special.image)
  const { image_size: side, patch_size: patch } = config.vision_config
  const encode = (text: string) => tokenizer.encode(text)
  const batch = lessonBatches({ side, patch, seed: 1, split: 'train', encode }, parts)(0)
  return { config, batch, encode }
}

/** Seconds and FLOPs of a whole step of the dialogue stage: losses, gradients, clipping, Muon and AdamW. */
async function timeStep({ backend, repeat }: Context, { config, batch, encode }: Awaited<ReturnType<typeof setUp>>) {
  const scope = createScope()
  const losses = lessonLosses(scope, llava.bind(config), parts, encode)
  const step = await compileStep(backend, { losses, trained: scope.parameters, optimizer: optimizerFor, clip: 1 })
  const values = [...scope.parameters].map(([name, { shape }]): [string, Value] => [
    name,
    f32(shape.map(Number), initialise(name, shape, config.text_config.num_hidden_layers, Rng.from(1, name))),
  ])
  await step.load(new Map(values))
  const inputs = pick(
    batch,
    step.program.inputs.map(({ name }) => name),
  )
  let count = 0
  const once = async () => {
    const started = performance.now()
    await step.run(inputs, 1e-3, ++count)
    return (performance.now() - started) / 1000
  }
  const seconds = await medianOf(repeat, once, WARMUP)
  const { flops } = step.program.cost({})
  await step.dispose()
  return { seconds, flops }
}

/** The same step in PyTorch: seconds, or why there are none. */
async function timePeer(config: object, repeat: number): Promise<number | string> {
  const python = process.env.FOVEA_PYTHON ?? 'python3'
  const script = fileURLToPath(new URL('./peers/train_step.py', import.meta.url))
  const task = { config, ...SHAPE, classes: Object.values(denseClasses), summary: summaryWidth, warmup: WARMUP, repeat }
  const run = promisify(execFile)
  try {
    await run(python, ['-c', 'import torch'])
  } catch {
    return `${python} has no torch; name one that has: FOVEA_PYTHON=... npm run bench`
  }
  const { stdout } = await run(python, [script, JSON.stringify(task)])
  return median(JSON.parse(stdout).seconds)
}

export const training: Benchmark = {
  name: 'training',
  measure: async (context) => {
    const world = await setUp()
    const { seconds, flops } = await timeStep(context, world)
    const speed = flops / seconds / 1e9
    const own: Row = {
      name: 'training step, batch 16: FLOP/s over peak',
      value: speed / (await context.peak()),
      unit: 'x',
      target: { atLeast: 0.5 },
      note: `${seconds.toFixed(2)} s, ${(flops / 1e9).toFixed(0)} GFLOP, ${speed.toFixed(0)} GFLOP/s`,
    }
    return [own, comparePeer(await timePeer(world.config, context.repeat), seconds)]
  },
}

function comparePeer(peer: number | string, seconds: number): Row | Skipped {
  const name = 'training step: time of PyTorch over ours'
  if (typeof peer === 'string') return { name, skipped: peer }
  return { name, value: peer / seconds, unit: 'x', target: { atLeast: 1 }, note: `PyTorch: ${peer.toFixed(2)} s` }
}
