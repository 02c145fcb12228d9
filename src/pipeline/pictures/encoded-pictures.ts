import type { EncodedImage } from '../parts.ts'

/** Of all that is kept: some hundred pictures of a small model, a few long videos of a large one. */
const MOST_BYTES = 256 * 2 ** 20

interface Entry {
  readonly image: EncodedImage
  readonly bytes: number
}

/** What became of pictures of late, by what decides about it; those that were not used for longest go first. */
export class EncodedPictures {
  private readonly known = new Map<string, Entry>()
  private bytes = 0

  /** @param mostBytes of all together; the newest is kept however large it is, since its conversation asks for it again */
  constructor(private readonly mostBytes = MOST_BYTES) {}

  /** Undefined for one that is not known any more. */
  of(key: string): EncodedImage | undefined {
    const entry = this.known.get(key)
    if (!entry) return undefined
    this.known.delete(key)
    this.known.set(key, entry) // last in order: used most recently
    return { ...entry.image, cached: true }
  }

  keep(key: string, image: EncodedImage): void {
    this.forget(key)
    const bytes = bytesIn(image.views)
    this.known.set(key, { image, bytes })
    this.bytes += bytes
    for (const oldest of this.known.keys()) {
      if (this.bytes <= this.mostBytes || oldest === key) break
      this.forget(oldest)
    }
  }

  clear(): void {
    this.known.clear()
    this.bytes = 0
  }

  private forget(key: string): void {
    this.bytes -= this.known.get(key)?.bytes ?? 0
    this.known.delete(key)
  }
}

/** Of all tensors of views: tokens, and what methods left or noted beside them. */
const bytesIn = (views: EncodedImage['views']): number =>
  views
    .flatMap(({ embeds, memory, signals }) => [embeds, ...Object.values(memory), ...Object.values(signals)])
    .reduce((sum, { data }) => sum + data.byteLength, 0)
