import type { RgbImage } from '../../media/image.ts'

/** Larger pictures are hashed beside the event loop, for which smaller ones would wait longer than it takes. */
const SMALL = 4 << 20

/** SHA-256 of everything that decides the visual tokens: size, pixels, and how they are encoded. */
export async function imageKey({ data, width, height }: RgbImage, encoding: string): Promise<string> {
  const head = new TextEncoder().encode(`rgb8 ${width}x${height} ${encoding.length}:${encoding} `)
  const node = data.length <= SMALL ? globalThis.process?.getBuiltinModule?.('node:crypto') : undefined
  if (node) return node.createHash('sha256').update(head).update(data).digest('hex')
  const bytes = new Uint8Array(head.length + data.length)
  bytes.set(head)
  bytes.set(data, head.length)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
