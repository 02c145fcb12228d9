/** Videos that are image files: a list of them, or a folder. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RgbImage } from '../image.ts'
import { readImage } from '../read-image.ts'
import { type FrameSource, type VideoFacts, type VideoLimits, videoError } from './frame-source.ts'

export interface SequenceOptions extends VideoLimits {
  /** How far apart the images lie in time; 1 if not given. */
  readonly imagesPerSecond?: number
}

/** The files of a folder in the order of the numbers in their names; hidden ones are left out. */
export async function imagesInFolder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name)
  const { compare } = new Intl.Collator('en', { numeric: true })
  return names.sort(compare).map((name) => join(folder, name))
}

/** Opens images as frames, in order; all must have one size. Throws FoveaError `video_empty`, `video_invalid`, and those of `readImage`. */
export async function openSequence(
  paths: readonly string[],
  name: string,
  { imagesPerSecond = 1, maxPixels, pixels }: SequenceOptions = {},
): Promise<FrameSource> {
  if (paths.length === 0) throw videoError('video_empty', name, 'it holds no images')
  if (!(imagesPerSecond > 0 && Number.isFinite(imagesPerSecond)))
    throw videoError('video_invalid', name, `images per second must be above 0, got ${imagesPerSecond}`)
  const { width, height } = await readImage(paths[0], { maxPixels })
  const facts: VideoFacts = {
    codec: 'images',
    width,
    height,
    frames: paths.length,
    framesPerSecond: imagesPerSecond,
    seconds: paths.length / imagesPerSecond,
  }
  return new SequenceFrames(name, facts, paths, { maxPixels, pixels })
}

class SequenceFrames implements FrameSource {
  readonly timestamps: readonly number[]

  constructor(
    readonly name: string,
    readonly facts: VideoFacts,
    private readonly paths: readonly string[],
    private readonly limits: VideoLimits,
  ) {
    this.timestamps = paths.map((_, index) => index / facts.framesPerSecond)
  }

  async *read(indices: readonly number[], signal?: AbortSignal): AsyncGenerator<RgbImage> {
    const { width, height } = this.facts
    for (const index of indices) {
      signal?.throwIfAborted()
      const { maxPixels, pixels } = this.limits
      const image = await readImage(this.paths[index], { maxPixels, pixels })
      if (image.width !== width || image.height !== height) {
        const sizes = `${image.width}x${image.height} pixels, the first image has ${width}x${height}`
        throw videoError('video_invalid', this.paths[index], `it has ${sizes}`)
      }
      yield image
    }
  }

  close(): void {}
}
