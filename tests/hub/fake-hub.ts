/** A hub of one model on this machine: the API, the files with ranges, and a second host for the large ones. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { HubSettings } from '../../src/hub/settings.ts'
import { temporaryFolder } from '../cli/fovea.ts'

export const ID = 'fovea-tests/tiny'

/** A request for a file, before it is answered. */
export interface FileRequest {
  name: string
  /** `storage` is the host that large files are redirected to. */
  host: 'hub' | 'storage'
  /** First byte asked for. */
  start: number
  bytes: Buffer
  request: IncomingMessage
  response: ServerResponse
}

/** What has been asked, in order. */
export interface Seen {
  host: 'hub' | 'storage'
  path: string
  range?: string
  authorization?: string
}

export interface FakeHub {
  endpoint: string
  seen: Seen[]
  files: Map<string, Buffer>
  commit: () => string
  /** Asked before each answer about a file; returns true where it has answered itself. */
  misbehave?: (request: FileRequest) => boolean
  /** The same for the API; a status, or a whole answer. */
  answerApi?: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Settings of a client with an empty cache. */
  settings: HubSettings
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const gitSha1 = (bytes: Buffer): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
const isLarge = (name: string): boolean => /\.(safetensors|bin|gguf)$/.test(name)

export const etagOf = (name: string, bytes: Buffer): string => (isLarge(name) ? sha256(bytes) : gitSha1(bytes))

/** Starts a hub that holds a fixture, and files of other formats beside it. */
export async function startHub(fixture = 'tests/fixtures/families/smolvlm'): Promise<FakeHub> {
  const isModelFile = (name: string) => !/^(expected\.json|image-.*)$/.test(name)
  const names = readdirSync(fixture).filter(isModelFile)
  const files = new Map(names.map((name) => [name, readFileSync(join(fixture, name))]))
  for (const name of ['README.md', 'pytorch_model.bin', 'onnx/model.onnx', 'model-q4.gguf'])
    files.set(name, Buffer.from(`${name} is not needed`))
  const hub = { seen: [] as Seen[], files } as FakeHub
  hub.commit = () =>
    createHash('sha1')
      .update([...files].map(([name, bytes]) => etagOf(name, bytes)).join())
      .digest('hex')
  const storage = await listen((request, response) => answer(hub, 'storage', request, response))
  const main = await listen((request, response) => answer(hub, 'hub', request, response, storage))
  hub.endpoint = main
  hub.settings = { endpoint: main, cache: join(temporaryFolder(), 'hub'), offline: false, idleMs: 30_000, retryMs: 5 }
  return hub
}

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server: Server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function answer(
  hub: FakeHub,
  host: 'hub' | 'storage',
  request: IncomingMessage,
  response: ServerResponse,
  storage?: string,
): void {
  const { pathname: path, searchParams: asked } = new URL(request.url!, 'http://host')
  const { range, authorization } = request.headers
  hub.seen.push({ host, path, range, authorization })
  if (path.startsWith('/api/')) {
    if (!hub.answerApi?.(request, response)) answerApi(hub, path, response, asked.get('recursive') === 'true')
    return
  }
  const name = decodeURIComponent(
    path
      .split('/')
      .slice(host === 'hub' ? 5 : 1)
      .join('/'),
  )
  const bytes = hub.files.get(name)
  if (bytes) answerFile(hub, { name, host, start: firstByte(range), bytes, request, response }, storage)
  else fail(response, 404, 'EntryNotFound')
}

const firstByte = (range = ''): number => Number(/^bytes=(\d+)-/.exec(range)?.[1] ?? 0)

function answerFile(hub: FakeHub, asked: FileRequest, storage?: string): void {
  if (hub.misbehave?.(asked)) return
  const { name, host, bytes, request, response } = asked
  if (host === 'hub' && isLarge(name)) redirect(response, `${storage}/${name}`, asked, hub.commit())
  else sendFile(response, name, bytes, request.headers.range, host === 'hub' ? hub.commit() : undefined)
}

export function fail(response: ServerResponse, status: number, code = '', headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'x-error-code': code, ...headers }).end('{"error":"as asked"}')
}

function answerApi(hub: FakeHub, path: string, response: ServerResponse, recursive: boolean): void {
  const [, , , , , kind, revision] = path.split('/').map(decodeURIComponent)
  const isKnown = ['main', 'v1', 'refs/pr/1', hub.commit()].includes(revision)
  if (!path.startsWith(`/api/models/${ID}/`)) fail(response, 404, 'RepoNotFound')
  else if (!isKnown) fail(response, 404, 'RevisionNotFound')
  else sendJson(response, kind === 'revision' ? { _id: '1', id: ID, sha: hub.commit() } : tree(hub, recursive))
}

const sendJson = (response: ServerResponse, body: unknown): unknown =>
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))

const tree = ({ files }: FakeHub, recursive: boolean): object[] => [
  { type: 'directory', path: 'onnx', oid: '0'.repeat(40), size: 0 },
  ...[...files]
    .filter(([path]) => recursive || !path.includes('/'))
    .map(([path, bytes]) => ({
      type: 'file',
      path,
      size: bytes.length,
      oid: gitSha1(bytes),
      ...(isLarge(path) && { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 130 } }),
    })),
]

function redirect(response: ServerResponse, location: string, { name, bytes }: FileRequest, commit: string): void {
  const linked = { 'x-linked-etag': `"${etagOf(name, bytes)}"`, 'x-linked-size': String(bytes.length) }
  response.writeHead(302, { location, 'x-repo-commit': commit, ...linked }).end()
}

export function sendFile(response: ServerResponse, name: string, bytes: Buffer, range?: string, commit?: string): void {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
  const etag = commit ? `"${etagOf(name, bytes)}"` : '"of-the-storage"'
  const headers = { etag, 'accept-ranges': 'bytes', ...(commit && { 'x-repo-commit': commit }) }
  const [start, end] = [Number(from ?? 0), to ? Math.min(Number(to) + 1, bytes.length) : bytes.length]
  const sent = { ...headers, 'content-length': end - start }
  if (from === undefined) response.writeHead(200, sent).end(bytes)
  else if (start >= bytes.length) fail(response, 416)
  else
    response
      .writeHead(206, { ...sent, 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` })
      .end(bytes.subarray(start, end))
}

/** Sends some bytes of a file as if all were to follow, and then nothing. */
export function stall({ response, bytes, start }: FileRequest, count: number): true {
  const range = start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}
  response.writeHead(start > 0 ? 206 : 200, { ...range, 'content-length': bytes.length - start })
  response.write(bytes.subarray(start, start + count))
  return true
}

/** The same, but then the connection breaks. */
export function breakOff(request: FileRequest, count: number): true {
  stall(request, count)
  setTimeout(() => request.response.destroy(), 100)
  return true
}
