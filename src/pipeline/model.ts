import { FoveaError } from '../errors.ts'
import type { RgbImage } from '../media/image.ts'
import type { FrameSampler } from '../media/video/sampling.ts'
import type { Video } from '../media/video.ts'
import type { Architecture } from '../models/family.ts'
import type { Backend } from '../runtime/index.ts'
import { type AdapterFinder, adapterFinder } from './flow/find-adapters.ts'
import { compileLanguage, type LanguageProgram } from './flow/language-program.ts'
import { type Held, ProgramCache } from './flow/program-cache.ts'
import { dense } from './method/compose.ts'
import type { Method } from './method/method.ts'
import { blameMethod } from './method/method-error.ts'
import { programKey, wholeKey } from './method/places.ts'
import type { EncodedImage, ModelParts, PreparedImage } from './parts.ts'
import { type Look, PictureEncoder, videoReader } from './picture-encoder.ts'
import { Stream, type StreamHost } from './stream/stream.ts'
import type { AskOptions } from './talk/ask-options.ts'
import { Conversation, partsOf } from './talk/conversation.ts'
import { countPrompt, type PromptCount } from './talk/count.ts'
import { type EmbedOptions, embed } from './talk/embed.ts'
import { hostUnder } from './talk/host-under.ts'
import type { Message } from './talk/message.ts'
import { arrange, assertSpeakable, type Dialogue } from './talk/messages.ts'
import { partsUnder } from './talk/parts-under.ts'
import type { Reply } from './talk/reply.ts'
import { type ReplyStream, streamReply } from './talk/reply-stream.ts'
import { type Pictures, Sight } from './talk/sight.ts'
import { writePrompt } from './talk/write.ts'

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
export class Model implements StreamHost {
  private readonly pictures: PictureEncoder
  private readonly languagePrograms = new ProgramCache<LanguageProgram>(CACHED_METHODS)
  private readonly equip: AdapterFinder

  constructor(
    readonly parts: ModelParts,
    private readonly backend: Backend,
  ) {
    this.pictures = new PictureEncoder(parts, backend)
    const equip = adapterFinder(parts.architecture, parts.adapters)
    this.equip = (method) => equip(method).catch(blameMethod)
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
    const { messages, images, videos } = this.arranged(options)
    return this.answer({ images, videos, method }, (conversation) => conversation.answerLast(messages, rest))
  }

  /** What was given as messages. */
  private arranged({ prompt, messages, images, videos }: GenerateOptions): Dialogue {
    if (prompt !== undefined || messages === undefined) throw choiceError(messages !== undefined)
    const arranged = arrange(messages, images, videos)
    assertSpeakable(arranged.messages, this.parts) // before any picture is encoded
    return arranged
  }

  /**
   * How many tokens a prompt has, and how many its answer can have; nothing is computed. Throws what `generate` refuses
   * before it begins.
   */
  async count(options: GenerateOptions): Promise<PromptCount> {
    const { prompt, messages, images = [], videos = [], method = dense, rawPrompt } = options
    const asked = {
      role: 'user',
      content: [...partsOf({ images, videos }), { type: 'text', text: prompt ?? '' }],
    } as const
    const isPrompt = prompt !== undefined && messages === undefined
    const dialogue = isPrompt ? arrange([asked]) : this.arranged(options)
    this.assertTakes(dialogue)
    const sight = new Sight(this, await this.equip(method))
    return countPrompt(this.parts, await writePrompt(this.parts, sight, dialogue, { isRaw: rawPrompt }))
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

  /**
   * One embedding, of length 1, for a text and its pictures together, by a method with the head `embedding`.
   * @throws FoveaError `method_unfit`, `adapter_missing`, and what `generate` throws
   */
  embed(options: EmbedOptions): Promise<Float32Array> {
    return embed(this, options)
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

  /**
   * Starts a stream: frames are read as they come, and asked about at any time.
   * @throws FoveaError `stream_unsupported`
   */
  async watch({ method = dense }: { readonly method?: Method } = {}): Promise<Stream> {
    return Stream.open(this, await this.equip(method))
  }

  private async begin(pictures: Pictures, method: Method): Promise<Conversation> {
    this.assertTakes(pictures)
    const equipped = await this.equip(method)
    return Conversation.open(hostUnder(this, equipped), equipped, pictures)
  }

  private assertTakes({ images, videos }: Pictures): void {
    assertCount(images, this.parts.architecture)
    if (videos.length > 0) this.assertTakesVideo()
  }

  /** Gets an image ready to be encoded under a method. */
  async prepare(image: RgbImage, look: Look): Promise<PreparedImage> {
    return this.pictures.prepare(image, { ...look, method: await this.equip(look.method) })
  }

  /** The same for a video. Throws FoveaError `video_unsupported`, `video_invalid`. */
  async prepareVideo(video: Video, look: Look): Promise<PreparedImage> {
    return this.pictures.prepareVideo(video, { ...look, method: await this.equip(look.method) })
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

  async holdLanguage(given: Method): Promise<Held<LanguageProgram>> {
    const method = await this.equip(given)
    // What `see` leaves for the language model is part of its program.
    const isWhole = (method.read && method.see) || method.needs?.words || method.needs?.store
    const key = isWhole ? wholeKey(method) : programKey(method, 'language')
    const { architecture, weights, words } = partsUnder(this.parts, method)
    const compile = () => compileLanguage(this.backend, architecture, weights, method, words).catch(blameMethod)
    return this.languagePrograms.hold(key, compile)
  }

  forgetStream(key: string): Promise<void> {
    return this.pictures.forgetStream(key)
  }

  /** Forgets what became of pictures, so that the next question about one pays for it again: for measuring. */
  forgetPictures(): void {
    this.pictures.forgetPictures()
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
