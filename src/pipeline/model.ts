import { assertArgument, assertOptions, disposedError, FoveaError } from '../errors.ts'
import type { GivenImage, RgbImage } from '../media/image.ts'
import type { FrameSampler } from '../media/video/sampling.ts'
import type { Video } from '../media/video.ts'
import type { Architecture } from '../models/family.ts'
import { createScope, type Scope } from '../nn/index.ts'
import { type Backend, compile, type Program } from '../runtime/index.ts'
import type { Tensor } from '../tensor/index.ts'
import { type Explaining, type Explanation, explain } from './explain/explain.ts'
import { type AdapterFinder, adapterFinder } from './flow/find-adapters.ts'
import { compileLanguage, type LanguageProgram } from './flow/language-program.ts'
import { type Held, ProgramCache } from './flow/program-cache.ts'
import { dense } from './method/compose.ts'
import type { Method } from './method/method.ts'
import { blameMethod } from './method/method-error.ts'
import { weightsUnder } from './method/own-weights.ts'
import { programKey, wholeKey } from './method/places.ts'
import type { EncodedImage, ModelParts, PreparedImage } from './parts.ts'
import type { Look } from './pictures/look.ts'
import { PictureEncoder, videoReader } from './pictures/picture-encoder.ts'
import { Stream, type StreamHost } from './stream/stream.ts'
import type { AskOptions } from './talk/ask-options.ts'
import { Conversation, questionAbout } from './talk/conversation.ts'
import { countPrompt, type PromptCount } from './talk/count.ts'
import { type EmbedOptions, embed } from './talk/embed.ts'
import { type OneOrMore, readImages, readMessages, videosOf } from './talk/given.ts'
import { hostUnder } from './talk/host-under.ts'
import type { Message } from './talk/message.ts'
import { arrange, assertSpeakable, type Dialogue } from './talk/messages.ts'
import { EMBED_FORMS, EXPLAIN_FORMS, GENERATE_FORMS, PICTURE_FORMS } from './talk/option-forms.ts'
import { partsUnder } from './talk/parts-under.ts'
import { Prefixes } from './talk/prefixes.ts'
import type { Reply } from './talk/reply.ts'
import { type ReplyStream, streamReply } from './talk/reply-stream.ts'
import { type Pictures, Sight } from './talk/sight.ts'
import { untilAbort } from './talk/until-abort.ts'
import { writePrompt } from './talk/write.ts'

interface AboutPictures extends AskOptions {
  /** With messages: those for the parts that hold none themselves, in order. Paths, URLs and bytes are read. */
  readonly images?: OneOrMore<GivenImage>
  /** The same. */
  readonly videos?: OneOrMore<Video>
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

/** What a conversation is about. */
export type ConverseOptions = Pick<AboutPictures, 'images' | 'videos' | 'method'>

/** Language programs, one per method that changes the language model. */
const CACHED_METHODS = 4

/** A loaded vision-language model. Programs are compiled once per method and, of late image sizes, kept. */
export class Model implements StreamHost {
  private readonly pictures: PictureEncoder
  private readonly languagePrograms = new ProgramCache<LanguageProgram>(CACHED_METHODS)
  private readonly equip: AdapterFinder
  private isDisposed = false
  prefixes?: Prefixes

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
   *   what options, template or model refuse: `model_disposed`, `option_unknown`, `option_invalid`, `image_invalid`, `video_invalid`
   */
  async generate(options: GenerateOptions): Promise<Reply> {
    assertOptions('generate', options, GENERATE_FORMS)
    this.assertOpen()
    return untilAbort(options, (own) => this.generateWhole(own))
  }

  private async generateWhole(options: GenerateOptions): Promise<Reply> {
    const { prompt, messages: said, images: _images, videos: _videos, method = dense, ...rest } = options
    if (prompt !== undefined && said === undefined)
      return this.answer(await this.read('generate', options), method, (talk) => talk.ask(prompt, rest))
    const { messages, ...pictures } = await this.arranged('generate', options)
    return this.answer(pictures, method, (talk) => talk.answerLast(messages, rest))
  }

  /** Pictures that were given, read where they are not. */
  private async read(of: string, { images, videos }: ConverseOptions): Promise<Pictures> {
    this.assertOpen()
    return { images: await readImages(of, images, this.parts.readImage), videos: videosOf(of, videos) }
  }

  /** What was given as messages. */
  private async arranged(of: string, options: GenerateOptions): Promise<Dialogue> {
    const { prompt, messages } = options
    if (prompt !== undefined || messages === undefined) throw choiceError(messages !== undefined)
    const { images, videos } = await this.read(of, options)
    const arranged = arrange(await readMessages(messages, this.parts.readImage), images, videos)
    assertSpeakable(arranged.messages, this.parts) // before any picture is encoded
    return arranged
  }

  /**
   * How many tokens a prompt has, and how many its answer can have; nothing is computed. Throws what `generate` refuses
   * before it begins.
   */
  async count(options: GenerateOptions): Promise<PromptCount> {
    assertOptions('count', options, GENERATE_FORMS)
    const { prompt: asked, messages, method = dense, rawPrompt } = options
    const isPrompt = asked !== undefined && messages === undefined
    const dialogue = isPrompt
      ? arrange([questionAbout(await this.read('count', options), asked)])
      : await this.arranged('count', options)
    this.assertTakes(dialogue)
    const equipped = await this.equip(method)
    const host = hostUnder(this, equipped)
    const prompt = await writePrompt(host.parts, new Sight(host, equipped), dialogue, { isRaw: rawPrompt })
    return countPrompt(host.parts, prompt)
  }

  private async answer(
    { images, videos }: Pictures,
    method: Method,
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
  async embed(options: EmbedOptions): Promise<Float32Array> {
    assertOptions('embed', options, EMBED_FORMS)
    assertArgument('embed', 'method', options.method, 'method')
    this.assertOpen()
    return embed(this, options)
  }

  /**
   * Answers, and tells what the answer rested on: attention of each word, guesses of each layer, relevance of each patch.
   * Of several questions, each is told in turn; together they cost less than one by one.
   * @throws FoveaError `answer_empty`, `method_unfit`, and what `generate` throws
   */
  explain(options: Explaining<GenerateOptions>): Promise<Explanation>
  explain(options: readonly Explaining<GenerateOptions>[]): Promise<Explanation[]>
  async explain(
    options: Explaining<GenerateOptions> | readonly Explaining<GenerateOptions>[],
  ): Promise<Explanation | Explanation[]> {
    for (const each of isList(options) ? options : [options]) assertOptions('explain', each, EXPLAIN_FORMS)
    this.assertOpen()
    if (isList(options)) return explain<GenerateOptions>(this, options)
    const [only] = await explain<GenerateOptions>(this, [options])
    return only
  }

  /** As `generate`, piece by piece: a loop over text, and a promise of the reply. */
  stream(options: GenerateOptions): ReplyStream {
    assertOptions('stream', options, GENERATE_FORMS)
    return streamReply((own) => this.generate({ ...options, ...own }), options)
  }

  /**
   * Starts a conversation about images and videos: they are encoded once, and turns reuse the KV cache of those before.
   * `converse({ images, videos, method })` and `converse(images, method, videos)` mean the same.
   * @throws FoveaError kind `usage`: `option_unknown`, `option_invalid`, `image_invalid`, `video_invalid`, `image_count`, and
   *   what method or model refuse
   */
  async converse(
    about: ConverseOptions | OneOrMore<GivenImage> = {},
    method?: Method,
    videos?: OneOrMore<Video>,
  ): Promise<Conversation> {
    const options = isOptions(about) ? about : { images: about, method, videos }
    assertOptions('converse', options, PICTURE_FORMS)
    const conversation = await this.begin(await this.read('converse', options), options.method ?? dense)
    await conversation.look()
    return conversation
  }

  /**
   * Starts a stream: frames are read as they come, and asked about at any time.
   * @throws FoveaError `stream_unsupported`
   */
  async watch(options: { readonly method?: Method } = {}): Promise<Stream> {
    assertOptions('watch', options, { method: 'method' })
    this.assertOpen()
    return Stream.open(this, await this.equip(options.method ?? dense))
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
    this.assertOpen()
    return this.pictures.prepare(image, { ...look, method: await this.equip(look.method) })
  }

  /** The same for a video. Throws FoveaError `video_unsupported`, `video_invalid`. */
  async prepareVideo(video: Video, look: Look): Promise<PreparedImage> {
    this.assertOpen()
    return this.pictures.prepareVideo(video, { ...look, method: await this.equip(look.method) })
  }

  /** Encodes pictures, their views together; those that are known are not encoded again. */
  encodePictures(pictures: readonly PreparedImage[]): Promise<EncodedImage[]> {
    this.assertOpen()
    return this.pictures.encode(pictures)
  }

  private async encodeOne(picture: PreparedImage): Promise<EncodedImage> {
    return (await this.encodePictures([picture]))[0]
  }

  /**
   * Visual tokens of an image under a method; the same pixels under the same method are encoded once.
   * @param question what will be asked, for models and methods whose visual tokens depend on it
   */
  async encode(image: RgbImage, method: Method = dense, alone = true, question = ''): Promise<EncodedImage> {
    assertArgument('encode', 'image', image, 'image')
    assertArgument('encode', 'method', method, 'method')
    return this.encodeOne(await this.prepare(image, { method, alone, question }))
  }

  /**
   * Visual tokens of a video under a method, all its frames; the same frames under the same method are encoded once.
   * @throws FoveaError `video_unsupported`, `video_invalid`
   */
  async encodeVideo(video: Video, method: Method = dense, question = ''): Promise<EncodedImage> {
    assertArgument('encodeVideo', 'video', video, 'video')
    assertArgument('encodeVideo', 'method', method, 'method')
    return this.encodeOne(await this.prepareVideo(video, { method, question }))
  }

  assertOpen(): void {
    if (this.isDisposed) throw disposedError('model')
  }

  /** The compiled language model under a method, which is then kept until the model is disposed. */
  async language(method: Method): Promise<LanguageProgram> {
    return (await this.holdLanguage(method)).program
  }

  async holdLanguage(given: Method): Promise<Held<LanguageProgram>> {
    this.assertOpen()
    const method = await this.equip(given)
    // What `see` leaves for the language model is part of its program.
    const isWhole = (method.read && method.see) || method.needs?.words || method.needs?.store
    const key = isWhole ? wholeKey(method) : programKey(method, 'language')
    const { architecture, weights, words } = partsUnder(this.parts, method)
    const compile = () => compileLanguage(this.backend, architecture, weights, method, words).catch(blameMethod)
    return this.languagePrograms.hold(key, compile)
  }

  /**
   * Compiles a further program over the model's weights under a method, which is the caller's to dispose; it ends with the
   * model at the latest. Throws FoveaError `model_disposed`, and what tracing throws.
   */
  async compile(trace: (p: Scope) => Readonly<Record<string, Tensor>>, given: Method = dense): Promise<Program> {
    this.assertOpen()
    const method = await this.equip(given)
    return compile(this.backend, trace(createScope()), weightsUnder(method, this.parts.weights)).catch(blameMethod)
  }

  forgetStream(key: string): Promise<void> {
    return this.pictures.forgetStream(key)
  }

  /**
   * Keeps keys and values of prompts that were answered: others that begin alike, with the same pictures, go on from there.
   * Under methods of the language model, and where a prompt is looked at as a whole, nothing is kept (`sharesPrefixes`).
   * @param mostBytes of all that is kept; what was not used for longest goes first
   */
  keepPrefixes(mostBytes: number): void {
    this.prefixes ??= new Prefixes(mostBytes)
  }

  /** Forgets what became of pictures, so that the next question about one pays for it again: for measuring. */
  forgetPictures(): void {
    this.pictures.forgetPictures()
  }

  /** Frees the sessions and ends the engine. */
  async dispose(): Promise<void> {
    this.isDisposed = true
    this.pictures.clear()
    this.prefixes?.clear()
    this.languagePrograms.clear()
    await this.backend.dispose()
  }
}

/** Told from an image by what an image has. */
const isOptions = (about: ConverseOptions | OneOrMore<GivenImage>): about is ConverseOptions =>
  Object.getPrototypeOf(about ?? '') === Object.prototype && !('data' in (about as object))

const isList = <T>(given: T | readonly T[]): given is readonly T[] => Array.isArray(given)

const choiceError = (both: boolean): FoveaError =>
  new FoveaError('prompt_or_messages', 'usage', `give a prompt or messages, ${both ? 'not both' : 'one of them'}`)

function assertCount({ length }: readonly RgbImage[], { prompt: { maxImages }, name }: Architecture): void {
  if (length <= (maxImages ?? length)) return
  const message = `${name} was made for ${maxImages} image at a time, ${length} were given; ask about each by itself`
  throw new FoveaError('image_count', 'usage', message)
}
