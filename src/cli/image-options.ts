/** How images are read, and how large they may be. */
import { Option, type Command as Program } from 'commander'
import type { DecodeLimits, Pixels } from '../media/decode.ts'
import { DEFAULT_MAX_BYTES, DEFAULT_MAX_MEMORY, DEFAULT_MAX_SECONDS } from '../media/image-limits.ts'
import { integer, number } from './parsers.ts'

export interface ImageFlags {
  pixels: Pixels
  maxImageFile?: number
  maxImageMemory?: number
  maxImageSeconds?: number
}

const MEBIBYTE = 2 ** 20
const positive = number(Number.MIN_VALUE)

/** @param usual what holds where `--pixels` is not given */
export const withImageOptions = (program: Program, usual: Pixels = 'seen'): Program =>
  program
    .addOption(
      new Option(
        '--pixels <how>',
        'of 16-bit and transparent images: seen as in a viewer, scaled to 8 bits and on white, or as the reference reads them',
      )
        .choices(['seen', 'reference'])
        .default(usual),
    )
    .option(
      '--max-image-file <MiB>',
      `refuse larger image files (${DEFAULT_MAX_BYTES / MEBIBYTE} if not given)`,
      positive,
    )
    .option(
      '--max-image-memory <MiB>',
      `refuse images whose pixels take more to decode (${DEFAULT_MAX_MEMORY / MEBIBYTE} if not given: 200 megapixels)`,
      positive,
    )
    .option(
      '--max-image-seconds <count>',
      `refuse images that take longer to decode (${DEFAULT_MAX_SECONDS} if not given)`,
      integer(1, 3600),
    )

/** The same, for `readImage`. */
export const imageLimits = ({ pixels, maxImageFile, maxImageMemory, maxImageSeconds }: ImageFlags): DecodeLimits => ({
  pixels,
  ...(maxImageFile && { maxBytes: Math.round(maxImageFile * MEBIBYTE) }),
  ...(maxImageMemory && { maxMemory: Math.round(maxImageMemory * MEBIBYTE) }),
  ...(maxImageSeconds && { maxSeconds: maxImageSeconds }),
})
