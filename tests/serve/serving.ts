/** A server of a test file, and how it is asked. */
import sharp from 'sharp'
import { afterAll, beforeAll } from 'vitest'
import { createServer, type Server, type ServerOptions } from '../../src/serve/server.ts'

export interface Serving {
  readonly server: Server
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>
  get(path: string, init?: RequestInit): Promise<Response>
  chat(body: object): Promise<Response>
  /** The control request: whatever happened before, the server still answers. */
  isAlive(): Promise<boolean>
}

/** Serves fovea-mini to all tests of a file. */
export function serving(options: Partial<ServerOptions> = {}): Serving {
  let server: Server
  beforeAll(async () => {
    server = await createServer({ model: 'mini', port: 0, ...options })
  }, 240_000)
  afterAll(() => server?.close(), 60_000)
  const get = (path: string, init?: RequestInit) => fetch(`${server.url}${path}`, init)
  const post = (path: string, body: unknown, init: RequestInit = {}) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...init,
      headers: { 'content-type': 'application/json', ...init.headers },
    })
  return {
    get server() {
      return server
    },
    get,
    post,
    chat: (body) => post('/v1/chat/completions', body),
    isAlive: async () => {
      const pid = server.engine.pid
      const { status } = await post('/v1/chat/completions', { messages: [say('what is red?')], max_tokens: 1 })
      return status === 200 && server.engine.pid === pid && server.engine.restarts === 0
    },
  }
}

export const say = (content: unknown, role = 'user') => ({ role, content })

/** A white square with a coloured one in its corner, as a data URL. */
export async function square(colour = '#d22', width = 64, height = width): Promise<string> {
  const half = (side: number) => Math.max(1, Math.floor(side / 2))
  const inner = { create: { width: half(width), height: half(height), channels: 3 as const, background: colour } }
  const spot = await sharp(inner).png().toBuffer()
  const canvas = sharp({ create: { width, height, channels: 3, background: '#fff' } })
  const png = await canvas
    .composite([{ input: spot, left: 0, top: 0 }])
    .png()
    .toBuffer()
  return dataUrl(png)
}

export const dataUrl = (bytes: Uint8Array, type = 'image/png'): string =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`

export const picture = (url: unknown, more: object = {}) => ({ type: 'image_url', image_url: url, ...more })
export const text = (words: string) => ({ type: 'text', text: words })

/** The events of a stream, `[DONE]` as that. */
export async function eventsOf(response: Response): Promise<{ event?: string; data: unknown }[]> {
  const all = (await response.text()).split('\n\n').filter((part) => part.includes('data:'))
  return all.map((part) => {
    const field = (name: string) =>
      part
        .split('\n')
        .find((line) => line.startsWith(`${name}: `))
        ?.slice(name.length + 2)
    const data = field('data')!
    return { event: field('event'), data: data === '[DONE]' ? data : JSON.parse(data) }
  })
}

/** The error that a reply says, with its status. */
export async function errorOf(
  response: Response,
): Promise<{ status: number; code: string; param: string | null; message: string }> {
  const { error } = (await response.json()) as { error: { code: string; param: string | null; message: string } }
  return { status: response.status, ...error }
}
