/**
 * Runs a short recipe on a tiny model: `node --import tsx tests/training/tiny-recipe.ts MODEL FOLDER [kill at STAGE STEP]`.
 * The features of its scenes are noise from a seed. Notes go to standard output; errors exit as the command line does.
 */
import { describeFailure } from '../../src/cli/failure.ts'
import { loadModel } from '../../src/loading/node-load.ts'
import { mqt } from '../../src/papers/connector/mqt.ts'
import { f32 } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { baseValues } from '../../src/training/base-values.ts'
import type { FeatureBank } from '../../src/training/feature-bank.ts'
import { trainingScene } from '../../src/training/mini/questions.ts'
import { runRecipe } from '../../src/training/run-recipe.ts'
import { Rng } from '../../src/world/rng.ts'

const [model, folder, killStage, killStep] = process.argv.slice(2)

/** 16 patches of 32 numbers for each scene. */
const bank: FeatureBank = {
  scenes: 8,
  scene: (index) => trainingScene({ split: 'train', seed: 1 }, index),
  features: (indices) => {
    const noise = indices.flatMap((index) => {
      const rng = Rng.from(index, 'features')
      return Array.from({ length: 16 * 32 }, () => rng.normal())
    })
    return { patches: f32([indices.length, 16, 32], Float32Array.from(noise)) }
  },
}

const loaded = await loadModel(model, { threads: 1 })
await loaded.dispose()
const { architecture, weights, tokenizer } = loaded.parts
const { stages } = mqt.recipe!(mqt.options!.parse({ heads: 4, rank: 2 }))
const backend = new NodeBackend()
try {
  const values = await runRecipe({
    backend,
    name: 'tiny',
    folder,
    seed: 3,
    saveEvery: 2,
    stages: stages.map((stage, at) => ({ ...stage, steps: 3 + at })),
    data: { seed: 3, architecture, encode: (text) => tokenizer.encode(text), bank: async () => bank },
    start: { base: weights.compileOptions, known: () => undefined, read: (names) => baseValues(weights, names) },
    onStep: (stage, { step }) => {
      if (stage === killStage && step === Number(killStep)) process.kill(process.pid, 'SIGKILL')
    },
    onNote: (note) => console.log(note),
  })
  console.log([...values!.keys()].every((name) => name.startsWith('method.mqt.')) ? 'own weights' : 'others too')
} catch (error) {
  const { message, exitCode } = describeFailure(error)
  console.error(message)
  process.exitCode = exitCode
} finally {
  await backend.dispose()
}
