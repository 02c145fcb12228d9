/** Images as clients of the protocol name them. */
import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { FoveaError } from '../../errors.ts'
import { fileError, gather, pathOfUrl } from '../../media/read-image.ts'
import { LIMITS } from '../limits.ts'
import { imageBytes } from '../wire/image-url.ts'
import { fetchImage } from './fetch-image.ts'

/** What may be read for a client. */
export interface ImagePolicy {
  /** The folder below which images are read. */
  readonly root: string
  /** Whether http and https addresses of the open internet are fetched. */
  readonly allowUrls: boolean
}

/**
 * The bytes of an image that is named by a path below the root, a `file:` URL of one, a `data:` URL, or an address where
 * those are allowed.
 * @throws FoveaError `path_outside_root`, `url_not_allowed`, `image_too_large`, `file_*`, and those of `imageBytes` and
 *   `fetchImage`
 */
export async function readGiven(given: string, policy: ImagePolicy, signal?: AbortSignal): Promise<Uint8Array> {
  if (/^data:/i.test(given)) return imageBytes(given, 'image')
  if (/^file:/i.test(given)) return readBelow(policy.root, pathOfUrl(given))
  if (!/^[a-z][a-z\d+.-]*:\/\//i.test(given)) return readBelow(policy.root, given)
  if (policy.allowUrls && /^https?:/i.test(given)) return fetchImage(given, { signal })
  const message =
    'addresses are not fetched here; give a path or a data: URL, or have the server started with --allow-urls for http and https'
  throw new FoveaError('url_not_allowed', 'usage', message)
}

/** A file below a folder. What lies outside is neither read nor looked at, whatever links lead there. */
async function readBelow(root: string, given: string): Promise<Uint8Array> {
  const top = resolve(root)
  const outside = () => {
    const message = `${given} is not below ${top}; name an image there, or have the server started with another --root`
    return new FoveaError('path_outside_root', 'usage', message)
  }
  const fail = (cause: NodeJS.ErrnoException): never => {
    throw fileError(given, cause)
  }
  const realTop = await realpath(top).catch(fail)
  const path = resolve(top, given)
  if (!isBelow(top, path) && !isBelow(realTop, path)) throw outside()
  const real = await realpath(path).catch(fail)
  if (!isBelow(realTop, real)) throw outside()
  return readFile(real, given).catch((error) => (error instanceof FoveaError ? Promise.reject(error) : fail(error)))
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** Pipes and devices would not end, and a link that came since is not followed. */
async function readFile(path: string, given: string): Promise<Uint8Array> {
  const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants
  const file = await open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
  try {
    const found = await file.stat()
    if (!found.isFile()) throw new FoveaError('file_unreadable', 'input', `${given}: this is no file; name an image`)
    if (found.size > LIMITS.imageBytes) {
      const message = `${given}: an image has at most ${LIMITS.imageBytes / 2 ** 20} MiB; make it smaller`
      throw new FoveaError('image_too_large', 'input', message)
    }
    const stream = file.createReadStream({ autoClose: false, start: 0, end: Math.max(0, found.size - 1) })
    return await gather(given, stream, LIMITS.imageBytes)
  } finally {
    await file.close()
  }
}
