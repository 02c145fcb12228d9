/** Pixels as a decoder gives them, interleaved, and the 8-bit RGB that is made of them. */

export interface Samples {
  readonly data: Buffer
  readonly channels: number
  readonly width: number
  readonly height: number
}

/** As they are, of three channels. */
export const bytesOf = ({ data }: Samples): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.length)

/** A share `alpha` of each colour, white for the rest; all of it without alpha. */
export function rgbOnWhite(samples: Samples): Uint8Array {
  const { data, channels, width, height } = samples
  if (channels === 3) return bytesOf(samples)
  const rgb = new Uint8Array(3 * width * height)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const alpha = data[4 * pixel + 3]
    for (let channel = 0; channel < 3; channel++)
      rgb[3 * pixel + channel] = Math.round((data[4 * pixel + channel] * alpha) / 255) + 255 - alpha
  }
  return rgb
}

/** The colours alone, whatever alpha says of them. */
export function rgbWithoutAlpha(samples: Samples): Uint8Array {
  const { data, channels, width, height } = samples
  if (channels === 3) return bytesOf(samples)
  const rgb = new Uint8Array(3 * width * height)
  for (let pixel = 0; pixel < width * height; pixel++) rgb.set(data.subarray(4 * pixel, 4 * pixel + 3), 3 * pixel)
  return rgb
}

/** Light that cyan, magenta or yellow leave, less what black takes, in Pillow's rounding. */
function leftOf(ink: number, black: number): number {
  const product = ink * (255 - black) + 128
  return 255 - black - ((product + (product >> 8)) >> 8)
}

export function rgbOfInks({ data, width, height }: Samples): Uint8Array {
  const rgb = new Uint8Array(3 * width * height)
  for (let at = 0; at < rgb.length; at++) {
    const from = 4 * Math.floor(at / 3)
    rgb[at] = leftOf(data[from + (at % 3)], data[from + 3])
  }
  return rgb
}

export function rgbOfCutGrey({ data, width, height }: Samples): Uint8Array {
  const rgb = new Uint8Array(3 * width * height)
  for (let at = 0; at < rgb.length; at++) rgb[at] = Math.min(255, data.readUInt16LE(2 * Math.floor(at / 3)))
  return rgb
}
