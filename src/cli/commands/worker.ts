import { FoveaError } from '../../errors.ts'
import { createWorker } from '../../serve/batches/redis/worker.ts'
import { command } from '../command.ts'
import { escapeLine } from '../escape.ts'
import { INTERRUPTED } from '../interrupt.ts'
import { type ModelOptions, withModelOptions } from '../model-options.ts'
import { note, print } from '../terminal.ts'
import { untilInterrupted } from '../until-interrupted.ts'

interface WorkerFlags extends ModelOptions {
  redis?: string
  embedder?: string
}

export const workerCommand = command<WorkerFlags>({
  name: 'worker',
  summary: 'Answer batches of a server over Redis, one of any number',
  examples: [
    'fovea worker --redis redis://127.0.0.1:6379',
    'FOVEA_REDIS=rediss://:password@queue.example fovea worker --model HuggingFaceTB/SmolVLM-256M-Instruct',
  ],
  configure: (program) =>
    withModelOptions(program)
      .option('--redis <url>', 'where the server puts its requests (if not given: FOVEA_REDIS of the environment)')
      .option('--embedder <name>', 'a CLIP or SigLIP model, for requests to /v1/embeddings')
      .option('--quiet', 'print no line for each request'),
  finishes: true,
  run: async ({ options, signal }) => {
    const { quiet, json: _, redis = process.env.FOVEA_REDIS, ...others } = options
    if (!redis) throw new FoveaError('redis_missing', 'usage', 'give --redis and an address, as fovea serve has it')
    const worker = await createWorker({ ...others, redis, onAnswer: quiet ? undefined : logLine })
    print(`${worker.model} answers batches`)
    await untilInterrupted(signal)
    note('ending: the request under way is finished, Ctrl-C again ends at once')
    await worker.close()
    process.exit(signal.aborted ? INTERRUPTED : 0) // a queue whose Redis is gone would wait for it
  },
})

const logLine = ({ id, status, milliseconds }: { id: string; status: number; milliseconds: number }): void =>
  note(escapeLine(`${id} ${status} ${milliseconds.toFixed(0)} ms`))
