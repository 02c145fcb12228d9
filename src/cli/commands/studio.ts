import { command } from '../command.ts'
import { type ServeFlags, serveUntil, withServerOptions } from '../server-options.ts'

export const studioCommand = command<ServeFlags>({
  name: 'studio',
  summary: 'Serve pages to try methods on pictures, compare them, and read the papers',
  examples: [
    'fovea studio',
    'fovea studio --port 0',
    'fovea studio --model HuggingFaceTB/SmolVLM-256M-Instruct --dtype int8',
    'fovea studio --host 0.0.0.0 --key "$(openssl rand -hex 24)"',
  ],
  configure: withServerOptions,
  finishes: true,
  run: ({ options, signal }) =>
    serveUntil(options, signal, ({ model, url }) => `the studio is at ${url}/, with ${model}; Ctrl-C ends it`),
})
