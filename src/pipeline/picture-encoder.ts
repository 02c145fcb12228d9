import { FoveaError } from '../errors.ts'
import type { RgbImage } from '../media/image.ts'
import { assertVideo, type Video } from '../media/video.ts'
import type { Architecture } from '../models/family.ts'
import type { PreprocessorConfig } from '../models/views/image-processor.ts'
import type { PackedSlot, VideoReader } from '../models/views/prompt-form.ts'
import { framePreprocessor } from '../models/views/video-processor.ts'
import { hasText, type View } from '../models/views/view.ts'
import type { VisionSide } from '../models/vision-side.ts'
import type { Backend } from '../runtime/index.ts'
import { splitFrames } from './flow/frame-run.ts'
import { ProgramCache } from './flow/program-cache.ts'
import { type TracedPicture, tracePicture } from './flow/trace-picture.ts'
import {
  compileVision,
  type EncodedView,
  type ViewPixels,
  type VisionProgram,
  viewPixels,
} from './flow/vision-program.ts'
import type { StreamPlace } from './method/carrying.ts'
import { composed } from './method/compose.ts'
import type { Method } from './method/method.ts'
import { blameMethod } from './method/method-error.ts'
import { keyOf, programKey } from './method/places.ts'
import type { EncodedImage, ModelParts, PreparedImage, PromptPicture, PromptSize, WrittenPicture } from './parts.ts'
import { assertNoText, assertViews } from './pictures/check-views.ts'
import { joinClips } from './pictures/clips.ts'
import { imageKey } from './pictures/image-key.ts'
import { seenVideo } from './pictures/seen-video.ts'
import { ViewGatherer } from './pictures/view-gatherer.ts'
import { HeldPrograms } from './stream/held-programs.ts'
import { imagePrompt, imageText, sizeOf as sizeInPrompt } from './talk/layout.ts'
import { partsUnder } from './talk/parts-under.ts'
import { questionIds } from './talk/plain-prompt.ts'
import { gridSpan } from './talk/positions.ts'

/** How a picture is to be seen. */
export interface Look {
  readonly method: Method
  /** Whether it is the only image of its prompt; so it is when absent. */
  readonly alone?: boolean
  /** What is asked about it, for models and methods whose visual tokens depend on it. */
  readonly question?: string
  /** Of a frame of a stream: which it is. It is encoded once, as the next of its stream. */
  readonly stream?: StreamPlace
}

const CACHED_IMAGES = 16
const KNOWN_COUNTS = 256
/** Vision programs, one per size of view and method. */
const CACHED_SIZES = 6

/** Turns images and videos into visual tokens. What was encoded of late is kept by its content. */
export class PictureEncoder {
  private readonly programs = new ProgramCache<VisionProgram>(CACHED_SIZES)
  private readonly frames = new HeldPrograms(this.programs)
  private readonly encoded = new Map<string, EncodedImage>()
  private readonly gatherer: ViewGatherer
  /** Of pictures by the sizes of their views. */
  private readonly counts = new Map<string, Counted>()

  constructor(
    private readonly parts: ModelParts,
    private readonly backend: Backend,
  ) {
    this.gatherer = new ViewGatherer(parts, backend)
  }

  /** Cuts an image into views, if it is not known yet. */
  async prepare(image: RgbImage, look: Look): Promise<PreparedImage> {
    const { alone = true, method } = look
    const { prompt: form } = this.parts.architecture
    const cut = (!alone && form.viewsOfSeveral) || form.views
    const asked = this.asked(look)
    const how = `${keyOf(method, 'see')}${cut === form.views ? '' : ', one of several'}`
    if (look.stream) return this.prepareFrame(image, cut, { method, asked, stream: look.stream })
    const key = await imageKey(image, asked ? `${how}, asked ${asked}` : how)
    return this.known(key) ?? this.prepareImage(key, image, cut, { method, asked })
  }

  /**
   * The same for a video, all its frames.
   * @throws FoveaError `video_unsupported`, `video_invalid`
   */
  async prepareVideo(given: Video, look: Look): Promise<PreparedImage> {
    const { architecture } = this.parts
    const reader = videoReader(architecture)
    assertVideo(given)
    const video = look.method.see?.frames?.(given, architecture) ?? given
    assertVideo(video)
    const asked = this.asked(look)
    const { placeholder } = reader.written ?? {}
    const written = placeholder === undefined ? undefined : { placeholder, text: reader.written!.text(video) }
    const how = `${keyOf(look.method, 'see')}${asked ? `, asked ${asked}` : ''}`
    const frames = await Promise.all(video.frames.map((frame) => imageKey(frame, how)))
    const key = `video ${written?.text ?? video.framesPerSecond} ${frames.join()}`
    const prepared = this.known(key) ?? this.prepareFrames(key, video, reader, { method: look.method, asked, written })
    const seen = { ...seenVideo(video), of: seenVideo(given).of }
    return { ...prepared, encode: async () => ({ ...(await prepared.encode()), video: seen }) }
  }

  /** Forgets what the frames of a stream left for each other, for when it ends. */
  async forgetStream(key: string): Promise<void> {
    await this.frames.release(key)
    await this.gatherer.forgetStream(key)
  }

  /** Forgets what became of pictures; programs stay. */
  forgetPictures(): void {
    this.encoded.clear()
  }

  /** Forgets everything, for when the engine ends. */
  clear(): void {
    this.programs.clear()
    this.gatherer.clear()
    this.encoded.clear()
  }

  /** The tokens of the question where something reads it. */
  private asked({ method, question = '' }: Look): readonly number[] | undefined {
    const isRead = this.parts.architecture.vision.question || method.needs?.question
    return isRead ? questionIds(this.parts, question) : undefined
  }

  private known(key: string): PreparedImage | undefined {
    const known = this.encoded.get(key)
    if (!known) return undefined
    const { positionAxes } = this.parts.architecture.language
    const size = () => sizeInPrompt(known.views, positionAxes)
    return { ...placeOf(known), size, encode: async () => ({ ...known, cached: true }) }
  }

  private prepareImage(key: string, image: RgbImage, cut: (image: RgbImage) => View[], how: Manner): PreparedImage {
    const form = this.parts.architecture.prompt
    const cuts = this.cut(() => cut(image), (views) => form.pack?.(image, views), { ...how, image }) // biome-ignore format: one step
    const { views, slots } = cuts
    const place = slots ? { prompt: [form.imageToken], views: { length: 1 } } : this.placeOfViews(views, how)
    return this.prepared(key, place, cuts, how, (gathered) => gathered)
  }

  /** A frame of a stream, cut as the family cuts those of videos, where it takes any. */
  private prepareFrame(image: RgbImage, cut: (image: RgbImage) => View[], how: Manner): PreparedImage {
    const { video: reader, imageToken } = this.parts.architecture.prompt
    if (!reader) return this.prepareImage('', image, cut, how)
    const inFrames = this.inFrames(how)
    const frames = () => reader.views({ frames: [image], framesPerSecond: 1 })
    const cuts = this.cut(frames, (views) => reader.pack?.(views), inFrames)
    const place = cuts.slots ? { prompt: [imageToken], views: { length: 1 } } : this.placeOfViews(cuts.views, how)
    return this.prepared('', place, cuts, inFrames, (gathered) => gathered)
  }

  /** What stands for an image of these views, as tokens or as text. */
  private placeOfViews(views: readonly View[], { method }: Manner): PromptPicture {
    const parts = partsUnder(this.parts, method)
    const { placeholder } = parts.architecture.prompt
    const place = { prompt: imagePrompt(parts, views, method.name), views }
    if (placeholder === undefined) return place
    return { ...place, written: { placeholder, text: imageText(parts, views, method.name)! } }
  }

  private prepareFrames(key: string, video: Video, reader: VideoReader, how: Manner): PreparedImage {
    const { imageToken } = this.parts.architecture.prompt
    const inFrames = this.inFrames(how)
    const cuts = this.cut(() => reader.views(video), (views) => reader.pack?.(views), inFrames) // biome-ignore format: one step
    const { views, slots } = cuts
    const { token } = reader
    if (how.written) {
      const apart = (results: EncodedView[]) =>
        results.length < views.length ? splitFrames(results[0], views.length) : results
      return this.prepared(key, { prompt: [], views, token, written: how.written }, cuts, inFrames, apart)
    }
    const place = { prompt: [imageToken], views: { length: 1 }, token }
    const join = (gathered: EncodedView[]) => (slots ? gathered : [joinClips(gathered, views)])
    return this.prepared(key, place, cuts, inFrames, join)
  }

  private inFrames(how: Manner): Manner {
    return { ...how, isVideo: true, preprocessor: framePreprocessor(this.parts.preprocessor) }
  }

  private cut(
    views: () => readonly View[],
    pack: (views: readonly View[]) => readonly PackedSlot[] | undefined,
    { method, image }: Manner & { readonly image?: RgbImage },
  ): Cuts {
    const { architecture } = this.parts
    const started = performance.now()
    const own = views()
    const chosen = method.see?.views?.(own, { ...architecture, image }) ?? own
    assertViews(chosen, architecture.vision)
    if (!image) assertNoText(chosen, method)
    const patches = pack(own)?.length ?? own.reduce((total, view) => total + patchesOf(architecture.vision, view), 0)
    const slots = hasText(chosen) ? undefined : pack(chosen)
    return { views: chosen, slots, patches, milliseconds: performance.now() - started }
  }

  private prepared(
    key: string,
    place: PromptPicture,
    { views, slots, patches, milliseconds }: Cuts,
    how: Manner,
    join: (results: EncodedView[]) => EncodedView[],
  ): PreparedImage {
    const make = async (): Promise<EncodedImage> => {
      const started = performance.now()
      const config = how.preprocessor ?? this.parts.preprocessor
      const pixels = views.map((view) => viewPixels(view, config, how.method))
      const preprocessMilliseconds = milliseconds + performance.now() - started
      const results: EncodedView[] = []
      for (const [at, view] of views.entries()) results.push(await this.encodeView(how, view, pixels[at], at))
      const gathered = await this.gatherer.gather(how, results, slots)
      return { ...place, views: join(gathered), patches, preprocessMilliseconds, cached: false }
    }
    const size = (): PromptSize => {
      const { tokens, span } = this.countTokens(views, slots, how)
      return { tokens, positions: slots ? span : this.positionsOf(views, place.views.length === 1, span) }
    }
    return { ...place, size, encode: how.stream ? make : () => this.remembered(key, make) }
  }

  /** Views, or clips that are one run of tokens, where positions have several axes. */
  private positionsOf(views: readonly View[], isOneRun: boolean, span: number): number {
    const { vision, language } = this.parts.architecture
    if (!language.positionAxes) return span
    if (isOneRun) return gridSpan({ ...vision.grid(views[0]), times: views.map((view) => view.clip?.time ?? 0) })
    return views.reduce((sum, view) => sum + gridSpan(vision.grid(view)), 0)
  }

  /** How many tokens views become, at most, from the shapes of the traced vision side; sizes that come again are known. */
  private countTokens(views: readonly View[], slots: Cuts['slots'], { method, asked = [], isVideo }: Manner): Counted {
    const key = [keyOf(method, 'see'), asked.length, slots?.length, isVideo, ...views.map(sizeOf)].join('|')
    const sizes = { question: asked.length }
    const trace = (): Counted =>
      tracePicture(this.parts.architecture, composed(method), views, { slots, sizes, isVideo })
    const count = this.counts.get(key) ?? tracedBy(trace)
    if (this.counts.size >= KNOWN_COUNTS) this.counts.clear()
    this.counts.set(key, { tokens: count.tokens, span: count.span })
    return count
  }

  /** Runs the vision side under a method; one program is compiled for all views of one size. */
  private async encodeView({ method, asked, stream }: Manner, view: View, pixels: ViewPixels, at: number) {
    const { architecture, weights } = this.parts
    const compile = () =>
      compileVision(this.backend, architecture, weights, composed(method), view, stream !== undefined).catch(
        blameMethod,
      )
    const key = `${programKey(method, 'views')}|${sizeOf(view)}`
    if (stream) {
      const program = await this.frames.of(stream.key, key, compile)
      return program.encode(pixels, asked, { ...stream, part: at })
    }
    return this.programs.use(key, compile, (program) => program.encode(pixels, asked))
  }

  /** What is kept under a key, or made and kept. */
  private async remembered(key: string, make: () => Promise<EncodedImage>): Promise<EncodedImage> {
    const known = this.encoded.get(key)
    if (known) return { ...known, cached: true }
    const made = await make()
    this.encoded.set(key, made)
    const oldest = this.encoded.keys().next().value
    if (this.encoded.size > CACHED_IMAGES && oldest !== undefined) this.encoded.delete(oldest)
    return made
  }
}

type Counted = Pick<TracedPicture, 'tokens' | 'span'>

interface Manner {
  readonly method: Method
  /** Tokens of the question, where something reads it. */
  readonly asked?: readonly number[]
  readonly preprocessor?: PreprocessorConfig
  readonly stream?: StreamPlace
  /** Whether the views are the frames of a video. */
  readonly isVideo?: boolean
  /** Of a video that is written as text. */
  readonly written?: WrittenPicture
}

interface Cuts {
  readonly views: readonly View[]
  readonly slots?: readonly PackedSlot[]
  /** Patches of the views that the model itself would make. */
  readonly patches: number
  readonly milliseconds: number
}

const placeOf = ({ prompt, token, written, views }: PromptPicture): PromptPicture => ({ prompt, token, written, views })

const sizeOf = (view: View): string => `${view.width}x${view.height}x${view.clip?.frames.length ?? 1}`

function patchesOf(vision: VisionSide, view: View): number {
  const { rows, columns } = vision.grid(view)
  return rows * columns
}

function tracedBy<T>(trace: () => T): T {
  try {
    return trace()
  } catch (error) {
    return blameMethod(error)
  }
}

/** How a model reads videos. Throws FoveaError `video_unsupported` where it takes none. */
export function videoReader({ name, prompt }: Architecture): VideoReader {
  if (prompt.video) return prompt.video
  const message = `${name} takes no videos; give frames of it as images (--frames-as-images)`
  throw new FoveaError('video_unsupported', 'usage', message)
}
