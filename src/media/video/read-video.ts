/** Videos from files, folders and bytes, in Node. */
import { open, stat } from 'node:fs/promises'
import { assertOptions, FoveaError, kindOf as kindOfValue, type OptionForm, whereMissing } from '../../errors.ts'
import { fileError, gather, pathOfUrl, readDataUrl } from '../read-image.ts'
import type { Video } from '../video.ts'
import { openAnimation } from './animation.ts'
import { type FrameSource, type VideoLimits, videoError } from './frame-source.ts'
import { imagesInFolder, openSequence, type SequenceOptions } from './image-sequence.ts'
import { type SampleOptions, sampleVideo } from './sample-video.ts'
import { SNIFF_BYTES, sniffVideo, unsupportedVideo } from './video-format.ts'

/**
 * A path (a video, an animated GIF or WebP, a folder of images, `-`: standard input), a `file:` or `data:` URL, the bytes of
 * a file, or paths of images.
 */
export type VideoInput = string | URL | Uint8Array | ArrayBuffer | Blob | readonly string[]

export interface OpenVideoOptions extends VideoLimits, SequenceOptions {
  /** What messages call bytes that have no path. */
  readonly name?: string
  readonly signal?: AbortSignal
}

export interface ReadVideoOptions extends OpenVideoOptions, SampleOptions {}

const OPEN_FORMS: Readonly<Record<keyof OpenVideoOptions, OptionForm>> = {
  name: 'string',
  maxPixels: 'number',
  pixels: ['seen', 'reference'],
  imagesPerSecond: 'number',
  signal: 'signal',
}

const READ_FORMS: Readonly<Record<keyof ReadVideoOptions, OptionForm>> = {
  sampler: 'function',
  frames: 'number',
  fps: 'number',
  maxFrames: 'number',
  start: 'number',
  end: 'number',
  frameSide: 'number',
  maxBytes: 'number',
  onProgress: 'function',
  ...OPEN_FORMS,
}

/** Largest video that is taken from standard input, which cannot be read in parts. */
export const MAX_STDIN_BYTES = 2 ** 30
/** Largest animated image; its frames are found by reading all of it. */
const MAX_ANIMATION_BYTES = 2 ** 28

/**
 * Reads the frames of a video that a model is to see; the rest is neither decoded nor kept.
 *
 * `readVideo('clip.mp4', { sampler: model.frameSampler })` takes those that the model's own processor would,
 * `{ frames: 8 }` eight of them, `{ fps: 2, maxFrames: 64, start: 10 }` two a second from the tenth second on.
 * @throws FoveaError kind `input`: `file_missing`, `file_unreadable`, `unsupported_media`, `video_unreadable`,
 *   `video_no_picture`, `video_codec`, `video_too_large`, `video_empty`, `video_too_long`,
 *   `video_damaged`, `url_invalid`; kind `usage`: `video_options`, `video_frames`, `video_invalid`, `option_unknown`,
 *   `option_invalid`, `url_unsupported`; kind `resource`: `video_memory`, `package_missing`
 */
export async function readVideo(input: VideoInput, options: ReadVideoOptions = {}): Promise<Video> {
  assertOptions('readVideo', options, READ_FORMS)
  const { name, maxPixels, pixels, imagesPerSecond, signal } = options
  const source = await openVideo(input, { name, maxPixels, pixels, imagesPerSecond, signal })
  try {
    return await sampleVideo(source, options)
  } finally {
    source.close()
  }
}

/** Opens a video, whose frames `sampleVideo` reads. It must be closed. Throws what `readVideo` throws of kind `input`. */
export async function openVideo(input: VideoInput, options: OpenVideoOptions = {}): Promise<FrameSource> {
  assertOptions('openVideo', options, OPEN_FORMS)
  options.signal?.throwIfAborted()
  if (Array.isArray(input)) return openSequence(input, `${input.length} images`, options)
  if (input instanceof URL) return openVideo(input.href, options)
  if (input instanceof ArrayBuffer) return openVideo(new Uint8Array(input), options)
  if (input instanceof Uint8Array || input instanceof Blob)
    return openBytes(input, options.name ?? 'the video', options)
  if (typeof input !== 'string') {
    const forms = 'a path, a URL, a Buffer, an ArrayBuffer, a Blob or a list of paths of images'
    throw new FoveaError('video_invalid', 'usage', `readVideo: a video is ${forms}, not ${kindOfValue(input)}`)
  }
  if (input === '-')
    return openBytes(await gather('standard input', process.stdin, MAX_STDIN_BYTES, 'video'), 'standard input', options)
  if (/^file:/i.test(input)) return openPath(pathOfUrl(input), options)
  if (/^data:/i.test(input)) {
    const { name, bytes } = await readDataUrl(input)
    return openBytes(bytes, name, options)
  }
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(input))
    throw new FoveaError('url_unsupported', 'usage', `${input}: download the video first, then name the file`)
  return openPath(input, options)
}

const containers = () =>
  import('./node-container.ts').catch(whereMissing('reading videos', 'mediabunny', '@napi-rs/webcodecs'))

async function openPath(path: string, options: OpenVideoOptions): Promise<FrameSource> {
  try {
    if ((await stat(path)).isDirectory()) return await openSequence(await imagesInFolder(path), path, options)
  } catch (error) {
    throw error instanceof FoveaError ? error : fileError(path, error as NodeJS.ErrnoException)
  }
  const head = await firstBytes(path)
  const kind = kindOf(head, path)
  if (kind === 'animation') return openAnimation(await wholeAnimation(path), path, options)
  const { openContainerFile } = await containers()
  return openContainerFile(path, options)
}

async function openBytes(input: Uint8Array | Blob, name: string, options: OpenVideoOptions): Promise<FrameSource> {
  const head = input instanceof Blob ? new Uint8Array(await input.slice(0, SNIFF_BYTES).arrayBuffer()) : input
  const kind = kindOf(head, name)
  if (kind === 'animation')
    return openAnimation(input instanceof Blob ? new Uint8Array(await input.arrayBuffer()) : input, name, options)
  const { openContainerBytes } = await containers()
  return openContainerBytes(input, name, options)
}

/** The beginning of a file. Throws FoveaError `file_missing`, `file_unreadable`. */
export async function firstBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(SNIFF_BYTES), 0, SNIFF_BYTES, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw fileError(path, error as NodeJS.ErrnoException)
  }
}

async function wholeAnimation(path: string): Promise<Uint8Array> {
  const file = await open(path)
  return gather(path, file.createReadStream(), MAX_ANIMATION_BYTES, 'video')
}

function kindOf(head: Uint8Array, name: string): 'container' | 'animation' {
  if (head.length === 0) throw videoError('video_unreadable', name, 'the file is empty')
  const kind = sniffVideo(head)
  if (kind === 'container' || kind === 'animation') return kind
  const forms = 'MP4, MOV, WebM, MKV, TS, animated GIF or WebP'
  const found = unsupportedVideo(head)
  if (found) throw videoError('unsupported_media', name, `this is ${found}, which cannot be read; convert it to MP4`)
  const start = Buffer.from(head.subarray(0, 8)).toString('hex')
  throw videoError('unsupported_media', name, `not a video in ${forms} form (the file starts with the bytes ${start})`)
}
