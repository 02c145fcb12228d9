import { FoveaError } from '../errors.ts'
import type { RgbImage } from '../media/image.ts'
import type { Video } from '../media/video.ts'
import type { Architecture, View } from '../models/family.ts'
import type { Backend } from '../runtime/index.ts'
import { joinClips } from './clips.ts'
import { Conversation, type Reply } from './conversation.ts'
import { imageKey } from './image-key.ts'
import { compileLanguage, type LanguageProgram } from './language-program.ts'
import { imagePrompt } from './layout.ts'
import { dense, type Method } from './method.ts'
import { methodError } from './method-error.ts'
import { packViews } from './pack.ts'
import type { AskOptions, EncodedImage, ModelParts } from './parts.ts'
import { ProgramCache } from './program-cache.ts'
import { compileVision, type EncodedView, pixelsOf, type VisionProgram } from './vision-program.ts'

export interface GenerateOptions extends AskOptions {
  readonly prompt: string
  readonly images?: readonly RgbImage[]
  readonly videos?: readonly Video[]
  readonly method?: Method
}

const CACHED_IMAGES = 16
/** Vision programs, one per size of view and method. */
const CACHED_SIZES = 6

/** A loaded vision-language model. Programs are compiled once per method and, of late image sizes, kept. */
export class Model {
  private readonly visionPrograms = new ProgramCache<VisionProgram>(CACHED_SIZES)
  private readonly languagePrograms = new Map<string, Promise<LanguageProgram>>()
  private readonly encoded = new Map<string, EncodedImage>()
  private conversations = 0

  constructor(
    readonly parts: ModelParts,
    private readonly backend: Backend,
  ) {}

  /** Answers one prompt about any number of images and videos; the images come first, then the videos, in order. */
  async generate({ prompt, images = [], videos, method = dense, ...options }: GenerateOptions): Promise<Reply> {
    const conversation = await this.converse(images, method, videos)
    try {
      return await conversation.ask(prompt, options)
    } finally {
      await conversation.close()
    }
  }

  /** Starts a conversation about images: they are encoded once, and turns reuse the KV cache of the turns before. */
  async converse(
    images: readonly RgbImage[] = [],
    method: Method = dense,
    videos: readonly Video[] = [],
  ): Promise<Conversation> {
    const language = await this.language(method)
    const encoded: EncodedImage[] = []
    for (const image of images) encoded.push(await this.encode(image, method, images.length === 1))
    for (const video of videos) encoded.push(await this.encodeVideo(video, method))
    const key = `conversation-${this.conversations++}`
    await language.open(key)
    return new Conversation(this.parts, language, encoded, key)
  }

  /** Visual tokens of an image under a method; the same pixels under the same method are encoded once. */
  async encode(image: RgbImage, method: Method = dense, alone = true): Promise<EncodedImage> {
    const { architecture } = this.parts
    const cut = (!alone && architecture.viewsOfSeveral) || architecture.views
    const key = await imageKey(image, `${visionKey(method)}${cut === architecture.views ? '' : ', one of several'}`)
    const known = this.encoded.get(key)
    if (known) return { ...known, cached: true }
    const { own, views, results, preprocessMilliseconds } = await this.encodeViews(() => cut(image), method)
    const patches = architecture.pack?.(image, own).length ?? countPatches(architecture, own)
    const slots = architecture.pack?.(image, views)
    const packed = slots ? [packViews(results, slots)] : results
    const prompt = slots ? [architecture.imageToken] : imagePrompt(this.parts, views)
    return this.remember(key, { kind: 'image', views: packed, prompt, patches, preprocessMilliseconds, cached: false })
  }

  /**
   * Visual tokens of a video under a method, all its frames; the same frames under the same method are encoded once.
   * @throws FoveaError `video_unsupported`, `video_invalid`
   */
  async encodeVideo(video: Video, method: Method = dense): Promise<EncodedImage> {
    const { clips, videoToken, imageToken, name } = this.parts.architecture
    if (!clips || videoToken === undefined)
      throw new FoveaError('video_unsupported', 'usage', `${name} takes no videos; give frames of it as images`)
    const frames = await Promise.all(video.frames.map((frame) => imageKey(frame, visionKey(method))))
    const key = `video ${video.framesPerSecond} ${frames.join()}`
    const known = this.encoded.get(key)
    if (known) return { ...known, cached: true }
    const { own, views, results, preprocessMilliseconds } = await this.encodeViews(() => clips(video), method)
    const patches = countPatches(this.parts.architecture, own)
    const joined = [joinClips(results, views, videoToken)]
    const encoded = { views: joined, prompt: [imageToken], patches, preprocessMilliseconds, cached: false }
    return this.remember(key, { kind: 'video', ...encoded })
  }

  private async encodeViews(cut: () => readonly View[], method: Method) {
    const { architecture, preprocessor } = this.parts
    const started = performance.now()
    const own = cut()
    const views = method.views?.(own, architecture) ?? own
    const pixels = views.map((view) => pixelsOf(view, preprocessor))
    const preprocessMilliseconds = performance.now() - started
    const results: EncodedView[] = []
    for (const [at, view] of views.entries()) results.push(await this.encodeView(method, view, pixels[at]))
    return { own, views, results, preprocessMilliseconds }
  }

  /** The compiled language model under a method. */
  language(method: Method): Promise<LanguageProgram> {
    const key = method.decoder ? method.name : 'dense'
    const { architecture, weights } = this.parts
    return once(this.languagePrograms, key, () => compileLanguage(this.backend, architecture, weights, method))
  }

  /** Frees the sessions and ends the engine. */
  async dispose(): Promise<void> {
    this.visionPrograms.clear()
    this.languagePrograms.clear()
    this.encoded.clear()
    await this.backend.dispose()
  }

  /** Runs the vision side under a method; one program is compiled for all views of one size. */
  private encodeView(method: Method, view: View, pixels: Float32Array): Promise<EncodedView> {
    const key = `${visionKey(method)}|${view.width}x${view.height}x${view.clip?.frames.length ?? 1}`
    const { architecture, weights } = this.parts
    const compile = () => compileVision(this.backend, architecture, weights, method, view).catch(blameMethod)
    return this.visionPrograms.use(key, compile, (program) => program.encode(pixels))
  }

  private remember(key: string, image: EncodedImage): EncodedImage {
    this.encoded.set(key, image)
    const oldest = this.encoded.keys().next().value
    if (this.encoded.size > CACHED_IMAGES && oldest !== undefined) this.encoded.delete(oldest)
    return image
  }
}

/** Methods that leave the vision side alone share its programs and its results. */
const visionKey = (method: Method): string => (method.views || method.patches || method.tokens ? method.name : 'dense')

function countPatches(architecture: Architecture, views: readonly View[]): number {
  const grids = views.map((view) => architecture.grid(view))
  return grids.reduce((total, { rows, columns }) => total + rows * columns, 0)
}

/** Shapes that do not fit are the method's fault. */
function blameMethod(error: unknown): never {
  throw error instanceof Error && error.name === 'ShapeError' ? methodError(error.message, error) : error
}

/** Compiles at most once per key; a failed attempt is not remembered. */
function once<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const existing = known.get(key)
  if (existing) return existing
  const made = make().catch((error: unknown) => {
    known.delete(key)
    return blameMethod(error)
  })
  known.set(key, made)
  return made
}
