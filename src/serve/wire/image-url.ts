import { badParam } from '../engine/job-error.ts'
import { LIMITS } from '../limits.ts'

/** Standard Base64 with or without its padding; Node's own reader takes anything. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/**
 * The bytes of an image that is given as a `data:` URL. Nothing is fetched: what stands at another address would be read
 * in the name of the server.
 * @throws ParamError `media_url_not_allowed`, `unsupported_scheme`, `unsupported_media`, `invalid_base64`, `image_too_large`
 */
export function imageBytes(url: string, param: string): Uint8Array {
  if (!/^data:/i.test(url)) throw schemeError(url, param)
  const comma = url.indexOf(',')
  const [type = '', ...attributes] = url.slice(5, Math.max(5, comma)).split(';')
  if (comma < 0 || attributes.at(-1)?.toLowerCase() !== 'base64')
    throw badParam(
      param,
      'invalid_base64',
      'an image is given as data:image/png;base64,... with a comma before its bytes',
    )
  if (type !== '' && !/^image\/[\w.+-]+$/i.test(type))
    throw badParam(param, 'unsupported_media', 'the data URL names another type than that of an image')
  return base64Bytes(url.slice(comma + 1), param)
}

/** Throws ParamError `invalid_base64`, `image_too_large`. */
export function base64Bytes(text: string, param: string): Uint8Array {
  if ((text.length / 4) * 3 > LIMITS.imageBytes + 3)
    throw badParam(param, 'image_too_large', `an image has at most ${LIMITS.imageBytes / 2 ** 20} MiB`)
  if (text.length === 0 || text.replace(/=+$/, '').length % 4 === 1 || !BASE64.test(text))
    throw badParam(param, 'invalid_base64', 'the image is not valid Base64')
  return new Uint8Array(Buffer.from(text, 'base64'))
}

function schemeError(url: string, param: string) {
  if (/^https?:/i.test(url))
    return badParam(param, 'media_url_not_allowed', 'images by address are not fetched here; send a data: URL')
  return badParam(param, 'unsupported_scheme', 'an image is given as a data: URL')
}
