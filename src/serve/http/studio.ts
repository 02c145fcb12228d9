/** The studio: a few built files, given to whoever asks; what they ask of the server needs the key like all else. */
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { FoveaError } from '../../errors.ts'
import { packageRoot } from '../../hub/package-root.ts'

/** Where the build writes it. */
export const STUDIO = join(packageRoot, 'dist/studio')

/** Addresses of views: each is the one page, which reads its address. */
const VIEWS = ['/', '/papers', '/papers/:id', '/playground', '/compare'] as const

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.md': 'text/markdown; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
}

/** Nothing is loaded from elsewhere, and no other page may frame it or be told where its readers come from. */
const HEADERS = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
}

/** What has its hash in its name never changes. */
const FOREVER = 'public, max-age=31536000, immutable'

type Files = ReadonlyMap<string, Buffer>

/** Adds the pages of a folder. Where there are none, their addresses say how they are made. */
export async function addStudio(app: FastifyInstance, folder = STUDIO): Promise<void> {
  const files = await filesOf(folder)
  for (const path of files.keys())
    if (path !== '/index.html') app.get(path, { config: { isOpen: true } }, (_, reply) => send(reply, files, path))
  for (const url of VIEWS) app.get(url, { config: { isOpen: true } }, (_, reply) => send(reply, files, '/index.html'))
}

function send(reply: FastifyReply, files: Files, path: string): FastifyReply {
  const bytes = files.get(path)
  if (!bytes)
    throw new FoveaError(
      'not_found',
      'usage',
      'the studio is not built; npm run studio:build makes it, then serve anew',
    )
  const cache = path.startsWith('/assets/') ? FOREVER : 'no-cache'
  return reply.headers({ ...HEADERS, 'content-type': TYPES[extname(path)], 'cache-control': cache }).send(bytes)
}

/** The files that a page may ask for, by their addresses. */
async function filesOf(folder: string): Promise<Files> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  const known = paths.filter((path) => extname(path) in TYPES)
  const read = async (path: string) =>
    [`/${relative(folder, path).split(sep).join('/')}`, await readFile(path)] as const
  return new Map(await Promise.all(known.map(read)))
}
