/** What commands take in: images, videos, and how many frames of them. */
import { stat } from 'node:fs/promises'
import type { Command as Program } from 'commander'
import { FoveaError } from '../errors.ts'
import { type DecodeLimits, decodeImage } from '../media/decode.ts'
import type { RgbImage } from '../media/image.ts'
import { gather, pathOfUrl, readImage } from '../media/read-image.ts'
import type { FrameSource } from '../media/video/frame-source.ts'
import { firstBytes, MAX_STDIN_BYTES, type OpenVideoOptions, openVideo } from '../media/video/read-video.ts'
import { sampleVideo } from '../media/video/sample-video.ts'
import { evenFrames } from '../media/video/sampling.ts'
import { sniffVideo, unsupportedVideo } from '../media/video/video-format.ts'
import type { Video } from '../media/video.ts'
import type { Model } from '../pipeline/model.ts'
import { type SeenVideo, seenVideo } from '../pipeline/pictures/seen-video.ts'
import { imageLimits } from './image-options.ts'
import { type ModelOptions, openModel } from './model-options.ts'
import { integer, number } from './parsers.ts'
import { progressView } from './progress.ts'
import { isInteractive, note } from './terminal.ts'
import { assertVideoFlags, type VideoFlags } from './video-flags.ts'

export type { VideoFlags } from './video-flags.ts'

/** What a command was given to look at, read, and the model that looks. */
export interface Opened {
  readonly images: RgbImage[]
  readonly videos: Video[]
  /** Videos of which frames were read, those among the images too. */
  readonly seen: SeenVideo[]
  readonly model: Model
}

/** More become many visual tokens for a model that was not made for videos. */
const FRAMES_AS_IMAGES = evenFrames({ frames: 8 })

const positive = number(Number.MIN_VALUE)

export const withVideoOptions = (program: Program): Program =>
  program
    .option(
      '--video <file>',
      'a video (MP4, MOV, WebM, MKV, TS), an animated GIF or WebP, or a folder of images; may be repeated',
      (path: string, before: string[]) => [...before, path],
      [],
    )
    .option(
      '--frames <count>',
      'so many frames of a video, at least 1, spread over its time; more than it has are refused (if not given: as the model was trained)',
      integer(1),
    )
    .option('--fps <rate>', 'so many frames of each second instead, rounded down, at least 1', positive)
    .option('--max-frames <count>', 'never more frames than this, whatever the rate or the model gives', integer(1))
    .option('--start <seconds>', 'where in a video to begin', number(0))
    .option('--end <seconds>', 'where in a video to end', positive)
    .option('--frame-side <pixels>', 'scale frames down to this longer side when they are read', integer(1))
    .option('--images-per-second <rate>', 'of a folder of images (1 if not given)', positive)
    .option('--frames-as-images', 'give the frames as so many images, to models that take no videos (8 if not given)')

/** Files, and last the question. Throws FoveaError `question_missing`. */
export function splitQuestion(words: readonly string[]): { readonly paths: string[]; readonly prompt: string } {
  const prompt = words.at(-1)!
  if (prompt.trim() === '')
    throw new FoveaError('question_missing', 'usage', 'the last word is the question, and it is empty')
  return { paths: words.slice(0, -1), prompt }
}

/** A file that was looked at: an image, or a video of which no frame has been decoded. */
type Found = { readonly image: RgbImage } | { readonly source: FrameSource }

/** Images are read at once. Which of both a file is, its content says. */
async function look(given: string, flags: VideoFlags, isQuiet: boolean, signal?: AbortSignal): Promise<Found> {
  const { imagesPerSecond, pixels } = flags
  const options = { imagesPerSecond, pixels, signal }
  const limits = imageLimits(flags)
  if (given === '-') return lookAtStdin(options, limits)
  const path = /^file:/i.test(given) ? pathOfUrl(given) : given
  // Pipes can be read but once, and folders not at all; what is wrong with a path is said where images are read.
  if (!(await stat(path).catch(() => undefined))?.isFile()) return { image: await readImage(path, limits) }
  const head = await firstBytes(path)
  const kind = sniffVideo(head)
  // PNG is an image although some move.
  const isVideo = kind === 'container' || (kind === 'unsupported' && !/PNG/.test(unsupportedVideo(head)!))
  if (isVideo) return { source: await openVideo(path, options) }
  if (kind === 'animation' && !isQuiet) await tellOfFrames(path)
  return { image: await readImage(path, limits) }
}

async function lookAtStdin(options: OpenVideoOptions, limits: DecodeLimits): Promise<Found> {
  const bytes = await gather('standard input', process.stdin, MAX_STDIN_BYTES)
  if (sniffVideo(bytes) === 'container')
    return { source: await openVideo(bytes, { ...options, name: 'standard input' }) }
  try {
    return { image: await decodeImage(bytes, limits) }
  } catch (error) {
    if (!(error instanceof FoveaError)) throw error
    throw new FoveaError(error.code, error.kind, `standard input: ${error.message}`, { cause: error.cause })
  }
}

/** An animated image that is given as an image is its first frame. */
async function tellOfFrames(path: string): Promise<void> {
  const source = await openVideo(path).catch(() => undefined)
  const frames = source?.facts.frames ?? 1
  if (frames > 1) note(`${path}: the first of ${frames} frames; for all of them give it as --video`)
}

/**
 * Reads images, opens videos and loads the model at the same time; then reads the frames that this model is to see. What
 * is wrong with a file is said first, and ends a download: most people would rather mend a typing error than wait for it.
 */
export async function openMedia(
  paths: readonly string[],
  options: ModelOptions & VideoFlags,
  signal?: AbortSignal,
): Promise<Opened> {
  const isQuiet = Boolean(options.json || options.quiet)
  const ending = new AbortController()
  signal?.addEventListener('abort', () => ending.abort(signal.reason))
  const { imagesPerSecond, pixels } = options
  const videoOptions = { imagesPerSecond, pixels, signal }
  const looking = Promise.all([
    ...paths.map((path) => look(path, options, isQuiet, signal)),
    ...options.video.map(async (path): Promise<Found> => ({ source: await openVideo(path, videoOptions) })),
  ])
  const found = looking.then((all) => {
    assertVideoFlags(
      options,
      all.some((one) => 'source' in one),
    )
    return all
  })
  found.catch(() => ending.abort())
  const [looked, opened] = await Promise.allSettled([found, openModel(options, ending.signal)])
  if (looked.status === 'rejected' || opened.status === 'rejected') {
    if (opened.status === 'fulfilled') await opened.value.dispose()
    throw looked.status === 'rejected' ? looked.reason : (opened as PromiseRejectedResult).reason
  }
  try {
    return await readFrames(looked.value, opened.value, options, isQuiet, signal)
  } catch (error) {
    await opened.value.dispose()
    throw error
  }
}

async function readFrames(
  found: readonly Found[],
  model: Model,
  flags: VideoFlags,
  isQuiet: boolean,
  signal?: AbortSignal,
): Promise<Opened> {
  const images = found.flatMap((one) => ('image' in one ? one.image : []))
  const sources = found.flatMap((one) => ('source' in one ? one.source : []))
  try {
    if (sources.length && !flags.framesAsImages) model.assertTakesVideo()
    const videos: Video[] = []
    for (const source of sources) videos.push(await readSource(source, model, flags, isQuiet, signal))
    const seen = videos.map(seenVideo)
    if (!flags.framesAsImages) return { images, videos, seen, model }
    return { images: [...images, ...videos.flatMap(({ frames }) => frames)], videos: [], seen, model }
  } finally {
    for (const source of sources) source.close()
  }
}

/** What is wrong with a video that was read all the same. */
export function tellOfDamage({ source }: Video): void {
  if (source?.note !== undefined) note(`${source.name}: ${source.note}`)
}

async function readSource(
  source: FrameSource,
  model: Model,
  flags: VideoFlags,
  isQuiet: boolean,
  signal?: AbortSignal,
) {
  const { frames, fps, maxFrames, start, end, frameSide, framesAsImages } = flags
  const view = isInteractive(process.stderr) && !isQuiet ? progressView(`reading ${source.name}`, 1) : undefined
  const sampler = framesAsImages ? FRAMES_AS_IMAGES : model.frameSampler
  const onProgress = (done: number, total: number) => view?.update(done, total, 'frames')
  try {
    const budget = { frames, fps, maxFrames, start, end, frameSide }
    const video = await sampleVideo(source, { ...budget, sampler, signal, onProgress })
    if (!isQuiet) tellOfDamage(video)
    return video
  } finally {
    view?.stop()
  }
}
