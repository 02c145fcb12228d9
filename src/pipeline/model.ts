import { FoveaError } from '../errors.ts'
import type { RgbImage } from '../media/image.ts'
import type { Architecture, PackedSlot, VideoReader, View } from '../models/family.ts'
import type { Backend } from '../runtime/index.ts'
import { Conversation, type Reply } from './conversation.ts'
import { imageKey } from './image-key.ts'
import { compileLanguage, type LanguageProgram } from './language-program.ts'
import { imagePrompt } from './layout.ts'
import { dense, type Method } from './method.ts'
import { methodError } from './method-error.ts'
import { packViews } from './pack.ts'
import type { AskOptions, EncodedImage, ModelParts } from './parts.ts'
import { questionIds } from './plain-prompt.ts'
import { compileVision, type EncodedView, pixelsOf, type VisionProgram } from './vision-program.ts'

export interface GenerateOptions extends AskOptions {
  readonly prompt: string
  readonly images?: readonly RgbImage[]
  /** Each video as the frames that the model shall see, in order. */
  readonly videos?: readonly (readonly RgbImage[])[]
  readonly method?: Method
}

const CACHED_IMAGES = 16

/** A loaded vision-language model. Programs are compiled once per method and image size and kept. */
export class Model {
  private readonly visionPrograms = new Map<string, Promise<VisionProgram>>()
  private readonly languagePrograms = new Map<string, Promise<LanguageProgram>>()
  private readonly encoded = new Map<string, EncodedImage>()
  private conversations = 0

  constructor(
    readonly parts: ModelParts,
    private readonly backend: Backend,
  ) {}

  /** Answers one prompt about any number of images and videos; the images come first, then the videos, in order. */
  async generate({ prompt, images = [], videos = [], method = dense, ...options }: GenerateOptions): Promise<Reply> {
    const conversation = await this.converse(images, method, videos)
    try {
      return await conversation.ask(prompt, options)
    } finally {
      await conversation.close()
    }
  }

  /** Starts a conversation about images and videos: they are encoded once, and turns reuse the KV cache of those before. */
  async converse(
    images: readonly RgbImage[] = [],
    method: Method = dense,
    videos: readonly (readonly RgbImage[])[] = [],
  ): Promise<Conversation> {
    assertCount(images, this.parts.architecture)
    const language = await this.language(method)
    const encode = async (question?: string) => {
      const encoded: EncodedImage[] = []
      for (const image of images) encoded.push(await this.encode(image, method, images.length === 1, question))
      for (const frames of videos) encoded.push(await this.encodeVideo(frames, method))
      return encoded
    }
    const depends = this.parts.architecture.question && images.length > 0
    const inQuestion = depends ? { count: images.length, encode } : undefined
    const encoded = inQuestion ? [] : await encode()
    const key = `conversation-${this.conversations++}`
    await language.open(key)
    return new Conversation(this.parts, language, encoded, key, inQuestion)
  }

  /**
   * Visual tokens of an image under a method; the same pixels under the same method are encoded once.
   * @param question what will be asked, for models whose visual tokens depend on it
   */
  async encode(image: RgbImage, method: Method = dense, alone = true, question = ''): Promise<EncodedImage> {
    const { architecture } = this.parts
    const cut = (!alone && architecture.viewsOfSeveral) || architecture.views
    const asked = architecture.question && questionIds(this.parts, question)
    const how = `${visionKey(method)}${cut === architecture.views ? '' : ', one of several'}`
    const key = await imageKey(image, asked ? `${how}, asked ${asked}` : how)
    const pack = (views: readonly View[]) => architecture.pack?.(image, views)
    return this.remembered(key, () => this.encodeViews(() => cut(image), method, pack, asked))
  }

  /**
   * Visual tokens of a video under a method; `frames` are those that the model shall see, in order.
   * @throws FoveaError `video_unsupported`, `video_empty`
   */
  async encodeVideo(frames: readonly RgbImage[], method: Method = dense): Promise<EncodedImage> {
    const video = videoReader(this.parts.architecture, frames)
    const keys = await Promise.all(frames.map((frame) => imageKey(frame, `${visionKey(method)}, a frame`)))
    return this.remembered(keys.join(), async () => {
      const encoded = await this.encodeViews(
        () => video.views(frames),
        method,
        (views) => video.pack(views),
      )
      return { ...encoded, token: video.token }
    })
  }

  /** The compiled language model under a method. */
  language(method: Method): Promise<LanguageProgram> {
    const key = method.decoder ? method.name : 'dense'
    const { architecture, weights } = this.parts
    return once(this.languagePrograms, key, () => compileLanguage(this.backend, architecture, weights, method))
  }

  /** The compiled vision side under a method, for views of one size. */
  vision(method: Method, view: View): Promise<VisionProgram> {
    const key = `${visionKey(method)}|${view.width}x${view.height}`
    const { architecture, weights } = this.parts
    return once(this.visionPrograms, key, () => compileVision(this.backend, architecture, weights, method, view))
  }

  /** Frees the sessions and ends the engine. */
  async dispose(): Promise<void> {
    this.visionPrograms.clear()
    this.languagePrograms.clear()
    this.encoded.clear()
    await this.backend.dispose()
  }

  private async encodeViews(
    cut: () => readonly View[],
    method: Method,
    pack: (views: readonly View[]) => readonly PackedSlot[] | undefined,
    asked?: readonly number[],
  ): Promise<EncodedImage> {
    const { architecture, preprocessor } = this.parts
    const started = performance.now()
    const own = cut()
    const views = method.views?.(own, architecture) ?? own
    const pixels = views.map((view) => pixelsOf(view, preprocessor))
    const preprocessMilliseconds = performance.now() - started
    const results: EncodedView[] = []
    for (const [at, view] of views.entries())
      results.push(await (await this.vision(method, view)).encode(pixels[at], asked))
    const patches = pack(own)?.length ?? own.reduce((total, view) => total + patchesOf(architecture, view), 0)
    const slots = pack(views)
    const packed = slots ? [packViews(results, slots)] : results
    const prompt = slots ? [architecture.imageToken] : imagePrompt(this.parts, views)
    return { views: packed, prompt, patches, preprocessMilliseconds, cached: false }
  }

  /** What is kept under a key, or made and kept. */
  private async remembered(key: string, make: () => Promise<EncodedImage>): Promise<EncodedImage> {
    const known = this.encoded.get(key)
    if (known) return { ...known, cached: true }
    const encoded = await make()
    this.remember(key, encoded)
    return encoded
  }

  private remember(key: string, image: EncodedImage): void {
    this.encoded.set(key, image)
    const oldest = this.encoded.keys().next().value
    if (this.encoded.size > CACHED_IMAGES && oldest !== undefined) this.encoded.delete(oldest)
  }
}

function assertCount({ length }: readonly RgbImage[], { maxImages, name }: Architecture): void {
  if (length <= (maxImages ?? length)) return
  const message = `${name} was made for ${maxImages} image at a time, ${length} were given; ask about each by itself`
  throw new FoveaError('image_count', 'usage', message)
}

/** Methods that leave the vision side alone share its programs and its results. */
const visionKey = (method: Method): string => (method.views || method.patches || method.tokens ? method.name : 'dense')

function videoReader({ name, video }: Architecture, frames: readonly RgbImage[]): VideoReader {
  if (!video) throw new FoveaError('video_unsupported', 'usage', `${name} takes images only; give frames as images`)
  if (frames.length === 0)
    throw new FoveaError('video_empty', 'input', 'a video needs at least one frame, this has none')
  return video
}

function patchesOf(architecture: Architecture, view: View): number {
  const { rows, columns } = architecture.grid(view)
  return rows * columns
}

/** Compiles at most once per key; a failed attempt is not remembered. Shapes that do not fit are the method's fault. */
function once<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const existing = known.get(key)
  if (existing) return existing
  const made = make().catch((error: unknown) => {
    known.delete(key)
    throw error instanceof Error && error.name === 'ShapeError' ? methodError(error.message, error) : error
  })
  known.set(key, made)
  return made
}
