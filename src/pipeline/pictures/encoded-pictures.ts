import type { EncodedImage } from '../parts.ts'

const CACHED_PICTURES = 16

/** What became of pictures of late, by what decides about it. */
export class EncodedPictures {
  private readonly known = new Map<string, EncodedImage>()

  /** Undefined for one that is not known any more. */
  of(key: string): EncodedImage | undefined {
    const known = this.known.get(key)
    return known && { ...known, cached: true }
  }

  keep(key: string, image: EncodedImage): void {
    this.known.set(key, image)
    const oldest = this.known.keys().next().value
    if (this.known.size > CACHED_PICTURES && oldest !== undefined) this.known.delete(oldest)
  }

  clear(): void {
    this.known.clear()
  }
}
