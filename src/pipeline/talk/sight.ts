import type { RgbImage } from '../../media/image.ts'
import type { Video } from '../../media/video.ts'
import type { Method } from '../method/method.ts'
import type { EncodedImage, PreparedImage } from '../parts.ts'
import type { Host } from './host.ts'

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

  /** Gets pictures ready, images first; those that were seen before are encoded already. */
  async prepare({ images, videos }: Pictures, question?: string): Promise<readonly PreparedImage[]> {
    const how = JSON.stringify([images.length === 1, this.readsQuestion && question])
    if (how !== this.how) this.known.clear()
    this.how = how
    const look = { method: this.method, alone: images.length === 1, question }
    const ready: PreparedImage[] = []
    for (const image of images)
      ready.push(this.seen(image) ?? this.keeping(image, await this.host.prepare(image, look)))
    for (const video of videos)
      ready.push(this.seen(video) ?? this.keeping(video, await this.host.prepareVideo(video, look)))
    return ready
  }

  private seen(picture: RgbImage | Video): PreparedImage | undefined {
    const encoded = this.known.get(picture)
    if (!encoded) return undefined
    const tokens = encoded.views.reduce((sum, { embeds }) => sum + embeds.dims[0], 0)
    return { ...encoded, tokens: () => tokens, encode: async () => encoded }
  }

  private keeping(picture: RgbImage | Video, prepared: PreparedImage): PreparedImage {
    const encode = async () => {
      const encoded = this.known.get(picture) ?? (await prepared.encode())
      this.known.set(picture, encoded)
      return encoded
    }
    return { ...prepared, encode }
  }
}
