import type { RgbImage } from '../../media/image.ts'
import type { Video } from '../../media/video.ts'
import type { EncodedView } from '../flow/encoded-view.ts'
import type { Method } from '../method/method.ts'
import type { EncodedImage, Encoding, PreparedImage } from '../parts.ts'
import { encodedBefore } from '../pictures/encoding.ts'
import type { Host } from './host.ts'
import { sizeOf } from './layout.ts'

/** The pictures that go with messages, in the order of their kind. */
export interface Pictures {
  readonly images: readonly RgbImage[]
  readonly videos: readonly Video[]
}

/** Pictures under a method: encoded once each, or anew for every question where something reads it. */
export class Sight {
  private readonly known = new Map<RgbImage | Video, EncodedImage>()
  /** How the known ones were looked at. */
  private how = ''

  constructor(
    private readonly host: Host,
    private readonly method: Method,
  ) {}

  /** Whether the tokens depend on what is asked. */
  get readsQuestion(): boolean {
    return this.host.parts.architecture.vision.question !== undefined || this.method.needs?.question === true
  }

  /**
   * Gets pictures ready, images first; those that were seen before are encoded already.
   * @param token stands for each of them instead of its visual tokens
   */
  async prepare({ images, videos }: Pictures, question?: string, token?: number): Promise<readonly PreparedImage[]> {
    const how = JSON.stringify([images.length === 1, this.readsQuestion && question, token])
    if (how !== this.how) this.known.clear()
    this.how = how
    if (token !== undefined) this.blank([...images, ...videos], token)
    const look = { method: this.method, alone: images.length === 1, question }
    const ready: PreparedImage[] = []
    for (const image of images)
      ready.push(this.seen(image) ?? this.keeping(image, await this.host.prepare(image, look)))
    for (const video of videos)
      ready.push(this.seen(video) ?? this.keeping(video, await this.host.prepareVideo(video, look)))
    return ready
  }

  /** Puts a token in the place of pictures that are not known yet. */
  private blank(pictures: readonly (RgbImage | Video)[], token: number): void {
    const { parts } = this.host
    const { placeholder, video } = parts.architecture.prompt
    const nothing = { views: [], patches: 0, preprocessMilliseconds: 0, cached: true }
    const text = parts.tokenizer.idToToken(token) ?? ''
    const image = placeholder === undefined ? {} : { written: { placeholder, text } }
    // A video that is written as text is left out: its place is not one token.
    const moving = { token: video?.token, ...(video?.written && { written: { ...video.written, text: '' } }) }
    for (const picture of pictures.filter((each) => !this.known.has(each)))
      this.known.set(picture, { prompt: [token], ...('frames' in picture ? moving : image), ...nothing })
  }

  private seen(picture: RgbImage | Video): PreparedImage | undefined {
    const encoded = this.known.get(picture)
    if (!encoded) return undefined
    const axes = this.host.parts.architecture.language.positionAxes
    return { ...encoded, size: () => sizeOf(encoded.views, axes), begin: () => encodedBefore(encoded) }
  }

  private keeping(picture: RgbImage | Video, prepared: PreparedImage): PreparedImage {
    const begin = (): Encoding => {
      const known = this.known.get(picture)
      if (known) return encodedBefore(known)
      const { finish, ...encoding } = prepared.begin()
      const kept = async (views: readonly EncodedView[]) => {
        const encoded = this.known.get(picture) ?? (await finish(views))
        this.known.set(picture, encoded)
        return encoded
      }
      return { ...encoding, finish: kept }
    }
    return { ...prepared, begin }
  }
}
