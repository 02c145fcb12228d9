/** A short training that is killed at its n-th rename: `node --import tsx tests/training/killed-run.ts FOLDER N`. */
import { promises } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const [folder, killAt] = process.argv.slice(2)
const { rename } = promises
let renames = 0
// Odd calls die before the rename, even ones after it, so both sides of each point are met.
promises.rename = async (from, to) => {
  renames++
  const dies = Math.ceil(Number(killAt) / 2) === renames
  if (dies && Number(killAt) % 2 === 1) process.kill(process.pid, 'SIGKILL')
  await rename(from, to)
  if (dies) process.kill(process.pid, 'SIGKILL')
}
syncBuiltinESMExports()

const { NodeBackend } = await import('../../src/runtime/node/backend.ts')
const { compileRegression, initialWeight, regressionBatch } = await import('./tiny-step.ts')
const { train } = await import('../../src/training/trainer.ts')
const backend = new NodeBackend()
await train({
  step: await compileRegression(backend, 4),
  batch: (at) => regressionBatch(at, 4),
  total: 3,
  rate: 0.01,
  schedule: () => 1,
  folder,
  saveEvery: 1,
  initial: initialWeight,
  onNote: (note) => console.log(note),
})
await backend.dispose()
