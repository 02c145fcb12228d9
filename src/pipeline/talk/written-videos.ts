import { FoveaError } from '../../errors.ts'
import type { ModelParts, PromptPicture } from '../parts.ts'

/** A prompt whose videos are written out as images with text around them. */
export interface WrittenPrompt<Picture> {
  readonly text: string
  /** Images and videos in the order in which the prompt has them. */
  readonly images: readonly Picture[]
}

/**
 * Writes videos in their places; undefined where the prompt has none that are written. Throws FoveaError `image_count`
 * where there are fewer or more images or videos than places.
 */
export function writeVideos<Picture extends PromptPicture>(
  text: string,
  { architecture: { prompt }, tokenizer }: ModelParts,
  images: readonly Picture[],
): WrittenPrompt<Picture> | undefined {
  const videos = images.filter((image) => image.text !== undefined)
  const placeholder = prompt.video?.written?.placeholder
  if (videos.length === 0 || placeholder === undefined) return undefined
  const stills = images.filter((image) => image.text === undefined)
  const imageToken = tokenizer.idToToken(prompt.imageToken)!
  const ordered: Picture[] = []
  const [moving, still] = [[...videos], [...stills]]
  const places = { images: 0, videos: 0 }
  const written = withPlaces(text, [placeholder, imageToken], (found) => {
    places[found === imageToken ? 'images' : 'videos']++
    const image = (found === imageToken ? still : moving).shift()
    if (image) ordered.push(image)
    return image?.text ?? found
  })
  assertPlaces('videos', places.videos, videos.length)
  assertPlaces('images', places.images, stills.length)
  return { text: written, images: ordered }
}

/** Replaces each of some strings where it stands. */
function withPlaces(text: string, places: readonly string[], replace: (found: string) => string): string {
  let [out, from] = ['', 0]
  for (;;) {
    const next = places
      .map((place) => ({ place, at: text.indexOf(place, from) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at)[0]
    if (!next) return out + text.slice(from)
    out += text.slice(from, next.at) + replace(next.place)
    from = next.at + next.place.length
  }
}

function assertPlaces(kind: string, found: number, given: number): void {
  if (found === given) return
  throw new FoveaError('image_count', 'input', `the prompt has places for ${found} ${kind}, ${given} were given`)
}
