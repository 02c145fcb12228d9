/** Models in this very process; what computes is the engine's thread. */
import { loadEmbedder } from '../../loading/node-load-embedder.ts'
import type { RunOptions } from './engine.ts'
import type { EmbedJob, Job } from './job.ts'
import { embed } from './jobs/embed.ts'
import { openModel } from './opened.ts'
import type { EngineOptions } from './protocol.ts'
import { runJob } from './run-job.ts'
import type { Runner } from './runner.ts'
import type { Work } from './work.ts'

/** Throws what `loadModel` throws; the reason of `signal`, which ends the loading. */
export async function runHere(options: EngineOptions, signal?: AbortSignal): Promise<Runner> {
  const opened = await openModel(options, signal)
  const run = (job: Job, given?: RunOptions) => runJob(opened, job, workOf(given))
  return { run: run as Runner['run'], close: () => opened.model.dispose() }
}

/** The same for a model that embeds, and does jobs of that kind alone. Throws what `loadEmbedder` throws. */
export async function embedHere(name: string, device?: EngineOptions['device'], signal?: AbortSignal): Promise<Runner> {
  const embedder = await loadEmbedder(name, { device, signal })
  const run = (job: EmbedJob, given?: RunOptions) => embed({ embedder }, job, workOf(given))
  return { run: run as Runner['run'], close: () => embedder.dispose() }
}

const workOf = ({ signal = new AbortController().signal, onProgress = () => {} }: RunOptions = {}): Work => ({
  signal,
  tell: onProgress,
})
