/** A server of the Model Context Protocol on standard input and output: nothing but the protocol is written to the latter. */
import type { McpServer, ServerContext } from '@modelcontextprotocol/server'
import { FoveaError, whereMissing } from '../../errors.ts'
import { version } from '../../hub/package-root.ts'
import { Assistant } from '../engine/assistant.ts'
import { Engine } from '../engine/engine.ts'
import type { EngineOptions } from '../engine/protocol.ts'
import { LIMITS } from '../limits.ts'
import { askImage, describeImage } from './ask-image.ts'
import { compareMethods } from './compare-methods.ts'
import { readGiven } from './image-source.ts'
import type { Tool, Work } from './tool.ts'

export interface McpOptions extends Omit<EngineOptions, 'embedder'> {
  /** Images are read below this folder alone, links resolved; default: the working directory. */
  readonly root?: string
  /** Fetch images from http and https addresses of the open internet. */
  readonly allowUrls?: boolean
  /** Ends the server. */
  readonly signal?: AbortSignal
  /** Told of what nobody foresaw. */
  readonly onError?: (error: unknown) => void
}

const TOOLS: readonly Tool[] = [askImage, describeImage, compareMethods]

/**
 * Serves a model as the tools `ask_image`, `describe_image` and `compare_methods`, until standard input ends. The model is
 * loaded at the first call. Speaks the protocol of 2026-07-28, and those from before to clients that open so.
 * @throws FoveaError kind `resource` `package_missing`
 */
export async function serveMcp(options: McpOptions): Promise<void> {
  const { root = process.cwd(), allowUrls = false, signal, onError, ...engine } = options
  const missing = whereMissing('serving tools', '@modelcontextprotocol/server')
  const [{ McpServer: Server }, { serveStdio, StdioServerTransport }] = await Promise.all([
    import('@modelcontextprotocol/server'),
    import('@modelcontextprotocol/server/stdio'),
  ]).catch(missing)
  const assistant = new Assistant((ending) => Engine.start(engine, ending))
  const policy = { root, allowUrls }
  const make = () => {
    const instructions = `Looks at images with a local model. Paths of images are below ${root}.`
    const server = new Server({ name: 'fovea', title: 'Fovea', version }, { instructions })
    for (const tool of TOOLS)
      register(
        server,
        tool,
        allowUrls,
        (context) => ({
          assistant,
          signal: context.mcpReq.signal,
          readImage: (given) => readGiven(given, policy, context.mcpReq.signal),
          report: reporterOf(context),
        }),
        onError,
      )
    return server
  }
  const ended = inputEnd(signal)
  const transport = new StdioServerTransport(process.stdin, process.stdout, { maxBufferSize: LIMITS.bodyBytes })
  const connection = serveStdio(make, { transport, onerror: onError })
  await ended
  await Promise.all([connection.close(), assistant.close()])
}

/** What a tool refuses is its result, which says what to do; the model on the other side can mend it. */
function register(
  server: McpServer,
  { name, title, description, input: inputSchema, output: outputSchema, run }: Tool,
  openWorldHint: boolean,
  workOf: (context: ServerContext) => Work,
  onError?: (error: unknown) => void,
): void {
  const annotations = { title, readOnlyHint: true, idempotentHint: true, destructiveHint: false, openWorldHint }
  server.registerTool(name, { title, description, inputSchema, outputSchema, annotations }, async (given, context) => {
    try {
      const { content, structured } = await run(given as never, workOf(context))
      return { content, structuredContent: structured }
    } catch (error) {
      const isForeseen = error instanceof FoveaError
      if (!isForeseen && !context.mcpReq.signal.aborted) onError?.(error)
      const text = isForeseen ? error.message : 'this is a bug of fovea; its log on standard error says more'
      return { content: [{ type: 'text', text }], isError: true }
    }
  })
}

/** Each report is further than the one before it, as the protocol asks. */
function reporterOf({ mcpReq }: ServerContext): Work['report'] {
  const progressToken = mcpReq._meta?.progressToken
  let steps = 0
  return (message, done = steps++, total) => {
    if (progressToken === undefined || mcpReq.signal.aborted) return
    const params = { progressToken, progress: done, message, ...(total !== undefined && { total }) }
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {}) // a client that went away
  }
}

const inputEnd = (signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    for (const event of ['end', 'close', 'error']) process.stdin.once(event, () => resolve())
    signal?.addEventListener('abort', () => resolve(), { once: true })
    if (signal?.aborted) resolve()
  })
