/** What `fovea serve` and `fovea studio` share: their flags, and a server until Ctrl-C. */
import type { Command as Program } from 'commander'
import type { LogEntry } from '../serve/http/app.ts'
import { createServer, type Server } from '../serve/server.ts'
import { dataFolder } from '../serve/storage/data-folder.ts'
import { escapeLine } from './escape.ts'
import { type ModelOptions, withModelOptions } from './model-options.ts'
import { integer } from './parsers.ts'
import { note, print } from './terminal.ts'
import { untilInterrupted } from './until-interrupted.ts'

export interface ServeFlags extends ModelOptions {
  host: string
  port: number
  key?: string
  origin: string[]
  queue: number
  prefixCache: number
  embedder?: string
  data?: string
  redis?: string
}

const several = (value: string, before: string[]): string[] => [...before, value]

export const withServerOptions = (program: Program): Program =>
  withModelOptions(program)
    .option('--host <address>', 'where to listen; anything but this machine needs a key', '127.0.0.1')
    .option('--port <number>', '0 takes any that is free', integer(0, 65_535), 8080)
    .option('--key <text>', 'that clients must send (if not given: FOVEA_KEY of the environment)')
    .option('--origin <urls...>', 'pages of other origins that may ask', several, [])
    .option('--queue <count>', 'requests that may wait; more are refused with 429', integer(0, 10_000), 64)
    .option(
      '--prefix-cache <MiB>',
      'memory for prompts that were read, for those that begin alike; 0 keeps none',
      integer(0, 1 << 20),
      512,
    )
    .option('--embedder <name>', 'a CLIP or SigLIP model, for /v1/embeddings')
    .option(
      '--data <folder>',
      'for files and batches, which outlive the server (default: one for the port; none for --port 0)',
    )
    .option('--redis <url>', 'let fovea worker processes answer batches (if not given: FOVEA_REDIS of the environment)')
    .option('--quiet', 'print no line for each request')

/** @param said what is printed once it listens */
export async function serveUntil(
  options: ServeFlags,
  signal: AbortSignal,
  said: (server: Server) => string,
): Promise<void> {
  const { origin: origins, quiet, json: _, prefixCache, ...others } = options
  const key = options.key ?? process.env.FOVEA_KEY
  const data = others.data ?? (others.port === 0 ? undefined : dataFolder(others.port))
  const redis = others.redis ?? (process.env.FOVEA_REDIS || undefined)
  const kept = { data, redis, prefixBytes: prefixCache * 2 ** 20 }
  const server = await createServer({ ...others, ...kept, key, origins, onLog: quiet ? undefined : logLine })
  print(said(server))
  await untilInterrupted(signal)
  note('ending: answers under way are finished, Ctrl-C again ends at once')
  await server.close()
}

/** What clients send is not printed as it is. */
function logLine({ method, url, status, milliseconds, error }: LogEntry): void {
  note(escapeLine(`${method} ${url.slice(0, 200)} ${status} ${milliseconds.toFixed(0)} ms`))
  if (error !== undefined) note(escapeLine(String(error instanceof Error ? (error.stack ?? error.message) : error)))
}
