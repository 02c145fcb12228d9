import { FoveaError } from '../../errors.ts'
import type { RgbImage } from '../../media/image.ts'
import { assertVideo, type Video } from '../../media/video.ts'
import type { Architecture } from '../../models/family.ts'
import type { VideoReader } from '../../models/views/prompt-form.ts'
import type { Backend } from '../../runtime/index.ts'
import type { EncodedView } from '../flow/encoded-view.ts'
import { viewPixels } from '../flow/view-pixels.ts'
import { keyOf } from '../method/places.ts'
import type { EncodedImage, Encoding, ModelParts, PreparedImage, PromptPicture } from '../parts.ts'
import { sizeOf as sizeInPrompt } from '../talk/layout.ts'
import { EncodedPictures } from './encoded-pictures.ts'
import { encodedBefore, encodeTogether } from './encoding.ts'
import { imageKey } from './image-key.ts'
import { type Look, mannerOf } from './look.ts'
import { PictureSizes } from './picture-sizes.ts'
import { type Plan, planFrame, planImage, planVideo } from './plan.ts'
import { seenVideo } from './seen-video.ts'
import { ViewEncoder } from './view-encoder.ts'
import { ViewGatherer } from './view-gatherer.ts'
import type { ViewJob } from './view-job.ts'

/** Turns images and videos into visual tokens. What was encoded of late is kept by its content. */
export class PictureEncoder {
  private readonly encoded = new EncodedPictures()
  private readonly views: ViewEncoder
  private readonly gatherer: ViewGatherer
  private readonly sizes: PictureSizes

  constructor(
    private readonly parts: ModelParts,
    backend: Backend,
  ) {
    this.views = new ViewEncoder(parts, backend)
    this.gatherer = new ViewGatherer(parts, backend)
    this.sizes = new PictureSizes(parts)
  }

  /** Cuts an image into views, if it is not known yet. */
  async prepare(image: RgbImage, look: Look): Promise<PreparedImage> {
    const { prompt: form } = this.parts.architecture
    const cut = (look.alone === false && form.viewsOfSeveral) || form.views
    const manner = mannerOf(this.parts, look)
    if (look.stream) return this.prepared(planFrame(this.parts, image, cut, manner))
    const { asked } = manner
    const how = `${keyOf(look.method, 'see')}${cut === form.views ? '' : ', one of several'}`
    const key = await imageKey(image, asked ? `${how}, asked ${asked}` : how)
    return this.known(key) ?? this.prepared(planImage(this.parts, image, cut, manner), key)
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
    const manner = mannerOf(this.parts, look)
    const { asked } = manner
    const written = writtenBy(reader, video)
    const how = `${keyOf(look.method, 'see')}${asked ? `, asked ${asked}` : ''}`
    const frames = await Promise.all(video.frames.map((frame) => imageKey(frame, how)))
    const key = `video ${written?.text ?? video.framesPerSecond} ${frames.join()}`
    const plan = () => planVideo(this.parts, video, reader, { ...manner, written })
    const prepared = this.known(key) ?? this.prepared(plan(), key)
    const seen = { ...seenVideo(video), of: seenVideo(given).of }
    const begin = () => {
      const { finish, ...encoding } = prepared.begin()
      const shown = async (views: readonly EncodedView[]) => ({ ...(await finish(views)), video: seen })
      return { ...encoding, finish: shown }
    }
    return { ...prepared, begin }
  }

  /** Encodes pictures, views of one size together; those that are known are not encoded again. */
  encode(pictures: readonly PreparedImage[]): Promise<EncodedImage[]> {
    return encodeTogether(pictures, (jobs) => this.views.encode(jobs))
  }

  /** Forgets what the frames of a stream left for each other, for when it ends. */
  async forgetStream(key: string): Promise<void> {
    await this.views.forgetStream(key)
    await this.gatherer.forgetStream(key)
  }

  /** Forgets what became of pictures; programs stay. */
  forgetPictures(): void {
    this.encoded.clear()
  }

  /** Forgets everything, for when the engine ends. */
  clear(): void {
    this.views.clear()
    this.gatherer.clear()
    this.encoded.clear()
  }

  private known(key: string): PreparedImage | undefined {
    const known = this.encoded.of(key)
    if (!known) return undefined
    const { positionAxes } = this.parts.architecture.language
    return {
      ...placeOf(known),
      size: () => sizeInPrompt(known.views, positionAxes),
      begin: () => encodedBefore(known),
    }
  }

  /** @param key of what is kept */
  private prepared(plan: Plan, key?: string): PreparedImage {
    const begin = () => {
      const known = key === undefined ? undefined : this.encoded.of(key)
      return known ? encodedBefore(known) : this.begin(plan, key)
    }
    return { ...plan.place, size: () => this.sizes.of(plan), begin }
  }

  private begin({ place, cuts, how, join }: Plan, key?: string): Encoding {
    let preprocessMilliseconds = cuts.milliseconds
    const { method, preprocessor, stream } = how
    const tiles = cuts.views.filter(({ tile }) => tile)
    const jobs = cuts.views.map((view, part): ViewJob => {
      const pixels = () => {
        const started = performance.now()
        const made = { ...viewPixels(view, preprocessor, method), tile: tiles.indexOf(view) }
        preprocessMilliseconds += performance.now() - started
        return made
      }
      const video = how.isVideo && method.needs?.video && { video: cuts }
      return { view, how, pixels, ...video, ...(stream && { stream: { ...stream, part } }) }
    })
    const finish = async (views: readonly EncodedView[]): Promise<EncodedImage> => {
      const gathered = await this.gatherer.gather(how, views, cuts.slots)
      const image = { ...place, views: join(gathered), patches: cuts.patches, preprocessMilliseconds, cached: false }
      if (key !== undefined) this.encoded.keep(key, image)
      return image
    }
    return { key, jobs, finish }
  }
}

const placeOf = ({ prompt, token, written, views }: PromptPicture): PromptPicture => ({ prompt, token, written, views })

function writtenBy({ written }: VideoReader, video: Video) {
  if (written?.placeholder === undefined) return undefined
  return { placeholder: written.placeholder, text: written.text(video) }
}

/** How a model reads videos. Throws FoveaError `video_unsupported` where it takes none. */
export function videoReader({ name, prompt }: Architecture): VideoReader {
  if (prompt.video) return prompt.video
  const message = `${name} takes no videos; give frames of it as images (--frames-as-images)`
  throw new FoveaError('video_unsupported', 'usage', message)
}
