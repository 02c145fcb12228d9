import { FoveaError } from '../errors.ts'
import type { RgbImage } from '../media/image.ts'
import type { FrameSampler } from '../media/video/sampling.ts'
import type { Video } from '../media/video.ts'
import type { Architecture } from '../models/family.ts'
import type { Backend } from '../runtime/index.ts'
import { compileLanguage, type LanguageProgram } from './flow/language-program.ts'
import { type Held, ProgramCache } from './flow/program-cache.ts'
import { composed, dense } from './method/compose.ts'
import type { Method } from './method/method.ts'
import { blameMethod } from './method/method-error.ts'
import { cacheName, programKey } from './method/places.ts'
import type { EncodedImage, ModelParts, PreparedImage } from './parts.ts'
import { type Look, PictureEncoder, videoReader } from './picture-encoder.ts'
import type { AskOptions } from './talk/ask-options.ts'
import { Conversation } from './talk/conversation.ts'
import type { Host } from './talk/host.ts'
import type { Message } from './talk/message.ts'
import { arrange, assertSpeakable } from './talk/messages.ts'
import type { Reply } from './talk/reply.ts'
import { type ReplyStream, streamReply } from './talk/reply-stream.ts'
import type { Pictures } from './talk/sight.ts'

interface AboutPictures extends AskOptions {
  /** With messages: those for the parts that hold none themselves, in order. */
  readonly images?: readonly RgbImage[]
  /** The same. */
  readonly videos?: readonly Video[]
  readonly method?: Method
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

/** Language programs, one per method that changes the language model. */
const CACHED_METHODS = 4

/** A loaded vision-language model. Programs are compiled once per method and, of late image sizes, kept. */
export class Model implements Host {
  private readonly pictures: PictureEncoder
  private readonly languagePrograms = new ProgramCache<LanguageProgram>(CACHED_METHODS)

  constructor(
    readonly parts: ModelParts,
    private readonly backend: Backend,
  ) {
    this.pictures = new PictureEncoder(parts, backend)
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
    { images = [], videos = [], method = dense }: Pick<GenerateOptions, 'images' | 'videos' | 'method'>,
    say: (conversation: Conversation) => Promise<Reply>,
  ): Promise<Reply> {
    const conversation = await this.begin({ images, videos }, method)
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
    method: Method = dense,
    videos: readonly Video[] = [],
  ): Promise<Conversation> {
    const conversation = await this.begin({ images, videos }, method)
    await conversation.look()
    return conversation
  }

  private async begin(pictures: Pictures, method: Method): Promise<Conversation> {
    assertCount(pictures.images, this.parts.architecture)
    if (pictures.videos.length > 0) this.assertTakesVideo()
    return Conversation.open(this, composed(method), pictures)
  }

  /** Gets an image ready to be encoded under a method. */
  prepare(image: RgbImage, look: Look): Promise<PreparedImage> {
    return this.pictures.prepare(image, look)
  }

  /** The same for a video. Throws FoveaError `video_unsupported`, `video_invalid`. */
  prepareVideo(video: Video, look: Look): Promise<PreparedImage> {
    return this.pictures.prepareVideo(video, look)
  }

  /**
   * Visual tokens of an image under a method; the same pixels under the same method are encoded once.
   * @param question what will be asked, for models and methods whose visual tokens depend on it
   */
  async encode(image: RgbImage, method: Method = dense, alone = true, question = ''): Promise<EncodedImage> {
    return (await this.prepare(image, { method, alone, question })).encode()
  }

  /**
   * Visual tokens of a video under a method, all its frames; the same frames under the same method are encoded once.
   * @throws FoveaError `video_unsupported`, `video_invalid`
   */
  async encodeVideo(video: Video, method: Method = dense, question = ''): Promise<EncodedImage> {
    return (await this.prepareVideo(video, { method, question })).encode()
  }

  /** The compiled language model under a method, which is then kept until the model is disposed. */
  async language(method: Method): Promise<LanguageProgram> {
    return (await this.holdLanguage(method)).program
  }

  holdLanguage(method: Method): Promise<Held<LanguageProgram>> {
    // What `see` leaves for the language model is part of its program.
    const key = method.read && method.see ? cacheName(method) : programKey(method, 'language')
    const { architecture, weights } = this.parts
    const compile = () => compileLanguage(this.backend, architecture, weights, composed(method)).catch(blameMethod)
    return this.languagePrograms.hold(key, compile)
  }

  /** Frees the sessions and ends the engine. */
  async dispose(): Promise<void> {
    this.pictures.clear()
    this.languagePrograms.clear()
    await this.backend.dispose()
  }
}

const choiceError = (both: boolean): FoveaError =>
  new FoveaError('prompt_or_messages', 'usage', `give a prompt or messages, ${both ? 'not both' : 'one of them'}`)

function assertCount({ length }: readonly RgbImage[], { prompt: { maxImages }, name }: Architecture): void {
  if (length <= (maxImages ?? length)) return
  const message = `${name} was made for ${maxImages} image at a time, ${length} were given; ask about each by itself`
  throw new FoveaError('image_count', 'usage', message)
}
