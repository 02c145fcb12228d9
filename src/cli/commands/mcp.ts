import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { FoveaError } from '../../errors.ts'
import { serveMcp } from '../../serve/mcp/serve-mcp.ts'
import { command } from '../command.ts'
import { escapeLine } from '../escape.ts'
import { type ModelOptions, withModelOptions } from '../model-options.ts'
import { note } from '../terminal.ts'

interface McpFlags extends ModelOptions {
  root: string
  allowUrls?: boolean
}

export const mcpCommand = command<McpFlags>({
  name: 'mcp',
  summary: 'Serve a model as tools of the Model Context Protocol, on standard input and output',
  examples: [
    'fovea mcp',
    'fovea mcp --root ~/Pictures --model HuggingFaceTB/SmolVLM-256M-Instruct --dtype int8',
    'fovea mcp --allow-urls',
  ],
  configure: (program) =>
    withModelOptions(program)
      .option('--root <folder>', 'images are read below this folder alone', '.')
      .option('--allow-urls', 'fetch images from http and https addresses of the open internet'),
  finishes: true,
  run: async ({ options, signal }) => {
    const { root: given, allowUrls, model, mmproj, device, dtype } = options
    const root = resolve(given)
    if (!(await stat(root).catch(() => undefined))?.isDirectory())
      throw new FoveaError('root_missing', 'usage', `--root ${given}: there is no such folder`)
    note(
      escapeLine(
        `${model} as tools on standard input and output; images below ${root}; Ctrl-C or the end of the input ends it`,
      ),
    )
    const onError = (error: unknown) =>
      note(escapeLine(String(error instanceof Error ? (error.stack ?? error.message) : error)))
    await serveMcp({ model, mmproj, device, dtype, root, allowUrls, signal, onError })
  },
})
