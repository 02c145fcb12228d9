import { FoveaError } from '../errors.ts'
import type { RgbImage } from '../media/image.ts'
import type { FrameSampler } from '../media/video/sampling.ts'
import { assertVideo, type Video } from '../media/video.ts'
import type { Architecture } from '../models/family.ts'
import type { PreprocessorConfig } from '../models/views/image-processor.ts'
import type { PackedSlot, VideoReader } from '../models/views/prompt-form.ts'
import { framePreprocessor } from '../models/views/video-processor.ts'
import type { View } from '../models/views/view.ts'
import type { VisionSide } from '../models/vision-side.ts'
import type { Backend } from '../runtime/index.ts'
import { type AdapterFinder, adapterFinder } from './flow/find-adapters.ts'
import { compileLanguage, type LanguageProgram } from './flow/language-program.ts'
import { type Held, ProgramCache } from './flow/program-cache.ts'
import { compileVision, type EncodedView, pixelsOf, type VisionProgram } from './flow/vision-program.ts'
import { dense } from './method/compose.ts'
import type { Method } from './method/method.ts'
import { methodError } from './method/method-error.ts'
import { fullKeyOf, keyOf } from './method/places.ts'
import type { AskOptions, EncodedImage, ModelParts } from './parts.ts'
import { assertViews } from './pictures/check-views.ts'
import { joinClips } from './pictures/clips.ts'
import { imageKey } from './pictures/image-key.ts'
import { packViews } from './pictures/pack.ts'
import { seenVideo } from './pictures/seen-video.ts'
import { Conversation } from './talk/conversation.ts'
import { imagePrompt } from './talk/layout.ts'
import { arrange, assertSpeakable, type Message } from './talk/messages.ts'
import { questionIds } from './talk/plain-prompt.ts'
import type { Reply } from './talk/reply.ts'
import { type ReplyStream, streamReply } from './talk/reply-stream.ts'

interface AboutPictures extends AskOptions {
  /** With messages: those for the parts that hold none themselves, in order. */
  readonly images?: readonly RgbImage[]
  /** The same. */
  readonly videos?: readonly Video[]
  readonly method?: Method
}

interface EncodeOptions {
  readonly method: Method
  /** Of a connector that reads the question: its tokens. */
  readonly asked?: readonly number[]
  readonly preprocessor?: PreprocessorConfig
}

/** One question, its pictures before it: the images, then the videos. */
export interface PromptOptions extends AboutPictures {
  readonly prompt: string
  readonly messages?: undefined
}

/** A conversation up to a question; pictures go where its parts say. */
export interface MessagesOptions extends AboutPictures {
  /** The last is of role `user`. What the assistant said before is part of the prompt. */
  readonly messages: readonly Message[]
  readonly prompt?: undefined
  readonly rawPrompt?: undefined
}

export type GenerateOptions = PromptOptions | MessagesOptions

const CACHED_IMAGES = 16
/** Vision programs, one per size of view and method. */
const CACHED_SIZES = 6
/** Language programs, one per method that changes the language model. */
const CACHED_METHODS = 4

/** A loaded vision-language model. Programs are compiled once per method and, of late image sizes, kept. */
export class Model {
  private readonly visionPrograms = new ProgramCache<VisionProgram>(CACHED_SIZES)
  private readonly languagePrograms = new ProgramCache<LanguageProgram>(CACHED_METHODS)
  private readonly encoded = new Map<string, EncodedImage>()
  private conversations = 0

  private readonly equipped: AdapterFinder

  constructor(
    readonly parts: ModelParts,
    private readonly backend: Backend,
  ) {
    const equip = adapterFinder(parts.architecture, parts.adapters)
    this.equipped = (method) => equip(method).catch(blameMethod)
  }

  /** Chooses the frames of a video that this model was made to see, for `readVideo`; undefined where it takes no videos. */
  get frameSampler(): FrameSampler | undefined {
    return this.parts.architecture.prompt.video?.sampler
  }

  /** Throws FoveaError `video_unsupported` where the model takes no videos. */
  assertTakesVideo(): void {
    videoReader(this.parts.architecture)
  }

  /**
   * Answers a prompt, or the last of several messages, about any number of images and videos.
   * @throws FoveaError kind `usage`: `prompt_or_messages`, `messages_invalid`, `messages_unsupported`, `image_count`, and
   *   what options, template or model refuse
   */
  async generate(options: GenerateOptions): Promise<Reply> {
    const { prompt, messages: said, images: still, videos: moving, method = dense, ...rest } = options
    if (prompt !== undefined && said === undefined)
      return this.answer({ images: still, videos: moving, method }, (conversation) => conversation.ask(prompt, rest))
    if (prompt !== undefined || said === undefined) throw choiceError(said !== undefined)
    const { messages, images, videos } = arrange(said, still, moving)
    assertSpeakable(messages, this.parts) // before any picture is encoded
    return this.answer({ images, videos, method }, (conversation) => conversation.answerLast(messages, rest))
  }

  private async answer(
    { images, videos, method }: Pick<GenerateOptions, 'images' | 'videos' | 'method'>,
    say: (conversation: Conversation) => Promise<Reply>,
  ): Promise<Reply> {
    const conversation = await this.converse(images, method, videos)
    try {
      return await say(conversation)
    } finally {
      await conversation.close()
    }
  }

  /** As `generate`, piece by piece: a loop over text, and a promise of the reply. */
  stream(options: GenerateOptions): ReplyStream {
    return streamReply((own) => this.generate({ ...options, ...own }), options)
  }

  /** Starts a conversation about images and videos: they are encoded once, and turns reuse the KV cache of those before. */
  async converse(
    images: readonly RgbImage[] = [],
    given: Method = dense,
    videos: readonly Video[] = [],
  ): Promise<Conversation> {
    assertCount(images, this.parts.architecture)
    const method = await this.equipped(given)
    const { program: language, release } = await this.holdLanguage(method)
    try {
      const encode = (question?: string) => this.encodeAll(images, videos, method, question)
      const depends = this.parts.architecture.vision.question && images.length > 0
      const inQuestion = depends ? { count: images.length, encode } : undefined
      const encoded = inQuestion ? [] : await encode()
      const key = `conversation-${this.conversations++}`
      await language.open(key)
      return new Conversation(this.parts, language, encoded, key, { inQuestion, release })
    } catch (error) {
      await release()
      throw error
    }
  }

  private async encodeAll(
    images: readonly RgbImage[],
    videos: readonly Video[],
    method: Method,
    question?: string,
  ): Promise<EncodedImage[]> {
    const encoded: EncodedImage[] = []
    for (const image of images) encoded.push(await this.encode(image, method, images.length === 1, question))
    for (const video of videos) encoded.push(await this.encodeVideo(video, method))
    return encoded
  }

  /**
   * Visual tokens of an image under a method; the same pixels under the same method are encoded once.
   * @param question what will be asked, for models whose visual tokens depend on it
   */
  async encode(image: RgbImage, given: Method = dense, alone = true, question = ''): Promise<EncodedImage> {
    const method = await this.equipped(given)
    const { prompt: form, vision } = this.parts.architecture
    const cut = (!alone && form.viewsOfSeveral) || form.views
    const asked = vision.question && questionIds(this.parts, question)
    const how = `${keyOf(method, 'see')}${cut === form.views ? '' : ', one of several'}`
    const key = await imageKey(image, asked ? `${how}, asked ${asked}` : how)
    return this.remembered(key, async () => {
      const pack = (views: readonly View[]) => form.pack?.(image, views)
      const { views, results, slots, ...figures } = await this.encodeViews(() => cut(image), pack, { method, asked })
      const prompt = slots ? [form.imageToken] : imagePrompt(this.parts, views)
      return { views: slots ? [packViews(results, slots)] : results, prompt, ...figures }
    })
  }

  /**
   * Visual tokens of a video under a method, all its frames; the same frames under the same method are encoded once.
   * @throws FoveaError `video_unsupported`, `video_invalid`
   */
  async encodeVideo(video: Video, given: Method = dense): Promise<EncodedImage> {
    const method = await this.equipped(given)
    const { imageToken } = this.parts.architecture.prompt
    const reader = videoReader(this.parts.architecture)
    assertVideo(video)
    const text = reader.written?.text(video)
    const frames = await Promise.all(video.frames.map((frame) => imageKey(frame, keyOf(method, 'see'))))
    const encoded = await this.remembered(`video ${text ?? video.framesPerSecond} ${frames.join()}`, async () => {
      const pack = (views: readonly View[]) => reader.pack?.(views)
      const how = { method, preprocessor: framePreprocessor(this.parts.preprocessor) }
      const { views, results, slots, ...figures } = await this.encodeViews(() => reader.views(video), pack, how)
      if (text !== undefined) return { views: results, prompt: [], text, ...figures }
      const run = slots ? packViews(results, slots) : joinClips(results, views)
      return { views: [run], prompt: [imageToken], token: reader.token, ...figures }
    })
    return { ...encoded, video: seenVideo(video) }
  }

  /** The compiled language model under a method, which is then kept until the model is disposed. */
  async language(method: Method): Promise<LanguageProgram> {
    return (await this.holdLanguage(await this.equipped(method))).program
  }

  private holdLanguage(method: Method): Promise<Held<LanguageProgram>> {
    // What `see` leaves for the language model is part of its program.
    const key = method.read && method.see ? fullKeyOf(method) : keyOf(method, 'read')
    const { architecture, weights } = this.parts
    const compile = () => compileLanguage(this.backend, architecture, weights, method).catch(blameMethod)
    return this.languagePrograms.hold(key, compile)
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
    pack: (views: readonly View[]) => readonly PackedSlot[] | undefined,
    { method, asked, preprocessor = this.parts.preprocessor }: EncodeOptions,
  ) {
    const { architecture } = this.parts
    const { vision } = architecture
    const started = performance.now()
    const own = cut()
    const views = method.see?.views?.(own, architecture) ?? own
    assertViews(views, vision)
    const pixels = views.map((view) => pixelsOf(view, preprocessor))
    const preprocessMilliseconds = performance.now() - started
    const results: EncodedView[] = []
    for (const [at, view] of views.entries()) results.push(await this.encodeView(method, view, pixels[at], asked))
    const patches = pack(own)?.length ?? own.reduce((total, view) => total + patchesOf(vision, view), 0)
    return { views, results, slots: pack(views), patches, preprocessMilliseconds, cached: false }
  }

  /** Runs the vision side under a method; one program is compiled for all views of one size. */
  private encodeView(method: Method, view: View, pixels: Float32Array, asked?: readonly number[]) {
    const key = `${keyOf(method, 'see')}|${view.width}x${view.height}x${view.clip?.frames.length ?? 1}`
    const { architecture, weights } = this.parts
    const compile = () => compileVision(this.backend, architecture, weights, method, view).catch(blameMethod)
    return this.visionPrograms.use(key, compile, (program) => program.encode(pixels, asked))
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

const choiceError = (both: boolean): FoveaError =>
  new FoveaError('prompt_or_messages', 'usage', `give a prompt or messages, ${both ? 'not both' : 'one of them'}`)

function assertCount({ length }: readonly RgbImage[], { prompt: { maxImages }, name }: Architecture): void {
  if (length <= (maxImages ?? length)) return
  const message = `${name} was made for ${maxImages} image at a time, ${length} were given; ask about each by itself`
  throw new FoveaError('image_count', 'usage', message)
}

function videoReader({ name, prompt }: Architecture): VideoReader {
  if (prompt.video) return prompt.video
  const message = `${name} takes no videos; give frames of it as images (--frames-as-images)`
  throw new FoveaError('video_unsupported', 'usage', message)
}

function patchesOf(vision: VisionSide, view: View): number {
  const { rows, columns } = vision.grid(view)
  return rows * columns
}

/** Shapes that do not fit are the method's fault. */
function blameMethod(error: unknown): never {
  throw error instanceof Error && error.name === 'ShapeError' ? methodError(error.message, error) : error
}
