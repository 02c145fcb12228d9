import { Option, type Command as Program } from 'commander'
import type { Pixels } from '../media/decode.ts'

export interface PixelFlags {
  pixels: Pixels
}

/** @param usual what holds where the flag is not given */
export const withPixelsOption = (program: Program, usual: Pixels = 'seen'): Program =>
  program.addOption(
    new Option(
      '--pixels <how>',
      'of 16-bit and transparent images: seen as in a viewer, scaled to 8 bits and on white, or as the reference reads them',
    )
      .choices(['seen', 'reference'])
      .default(usual),
  )
