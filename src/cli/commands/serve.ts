import type { LogEntry } from '../../serve/http/app.ts'
import { createServer } from '../../serve/server.ts'
import { dataFolder } from '../../serve/storage/data-folder.ts'
import { command } from '../command.ts'
import { escapeLine } from '../escape.ts'
import { type ModelOptions, withModelOptions } from '../model-options.ts'
import { integer } from '../parsers.ts'
import { note, print } from '../terminal.ts'
import { untilInterrupted } from '../until-interrupted.ts'

interface ServeFlags extends ModelOptions {
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

export const serveCommand = command<ServeFlags>({
  name: 'serve',
  summary: 'Serve a model to clients of OpenAI and Anthropic',
  examples: [
    'fovea serve',
    'fovea serve --model HuggingFaceTB/SmolVLM-256M-Instruct --dtype int8 --port 8000',
    'fovea serve --host 0.0.0.0 --key "$(openssl rand -hex 24)"',
    'fovea serve --prefix-cache 2048',
    'fovea serve --embedder openai/clip-vit-base-patch32',
    'fovea serve --redis redis://127.0.0.1:6379 --data batches',
    'curl http://127.0.0.1:8080/v1/chat/completions -H "content-type: application/json" -d \'{"messages":[{"role":"user","content":"what is red?"}]}\'',
  ],
  configure: (program) =>
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
      .option(
        '--redis <url>',
        'let fovea worker processes answer batches (if not given: FOVEA_REDIS of the environment)',
      )
      .option('--quiet', 'print no line for each request'),
  finishes: true,
  run: async ({ options, signal }) => {
    const { origin: origins, quiet, json: _, prefixCache, ...others } = options
    const key = options.key ?? process.env.FOVEA_KEY
    const data = others.data ?? (others.port === 0 ? undefined : dataFolder(others.port))
    const redis = others.redis ?? (process.env.FOVEA_REDIS || undefined)
    const prefixBytes = prefixCache * 2 ** 20
    const server = await createServer({
      ...others,
      prefixBytes,
      data,
      redis,
      key,
      origins,
      onLog: quiet ? undefined : logLine,
    })
    print(`${server.model} at ${server.url}, as OpenAI's clients expect it at ${server.url}/v1`)
    await untilInterrupted(signal)
    note('ending: answers under way are finished, Ctrl-C again ends at once')
    await server.close()
  },
})

/** What clients send is not printed as it is. */
function logLine({ method, url, status, milliseconds, error }: LogEntry): void {
  note(escapeLine(`${method} ${url.slice(0, 200)} ${status} ${milliseconds.toFixed(0)} ms`))
  if (error !== undefined) note(escapeLine(String(error instanceof Error ? (error.stack ?? error.message) : error)))
}
