import { command } from '../command.ts'
import { type ServeFlags, serveUntil, withServerOptions } from '../server-options.ts'

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
  configure: withServerOptions,
  finishes: true,
  run: ({ options, signal }) =>
    serveUntil(
      options,
      signal,
      ({ model, url }) => `${model} at ${url}, as OpenAI's clients expect it at ${url}/v1; the studio at ${url}/`,
    ),
})
