import { FoveaError } from '../../errors.ts'
import type { ModelParts, PromptPicture } from '../parts.ts'

/** A prompt whose pictures are written out as image tokens with text around them. */
export interface WrittenPrompt<Picture> {
  readonly text: string
  /** Images and videos in the order in which the prompt has them. */
  readonly images: readonly Picture[]
}

/** What stands for an image in the text of a prompt; undefined where the tokenizer does not know the image token. */
export const imagePlaceholder = ({
  architecture: { prompt },
  tokenizer,
}: Pick<ModelParts, 'architecture' | 'tokenizer'>): string | undefined =>
  prompt.placeholder ?? tokenizer.idToToken(prompt.imageToken)

/**
 * Writes pictures in their places; undefined where the prompt has none that are written. Throws FoveaError `image_count`
 * where there are fewer or more images or videos than places.
 */
export function writePictures<Picture extends PromptPicture>(
  text: string,
  parts: ModelParts,
  pictures: readonly Picture[],
): WrittenPrompt<Picture> | undefined {
  if (!pictures.some(({ written }) => written)) return undefined
  const imagePlace = imagePlaceholder(parts)!
  const placeOf = ({ written }: Picture) => written?.placeholder ?? imagePlace
  const waiting = new Map([[imagePlace, [] as Picture[]]])
  for (const picture of pictures) waiting.set(placeOf(picture), [...(waiting.get(placeOf(picture)) ?? []), picture])
  const given = [...waiting].map(([place, all]) => [place, all.length] as const)
  const found = new Map<string, number>()
  const images: Picture[] = []
  const written = withPlaces(text, [...waiting.keys()], (place) => {
    found.set(place, (found.get(place) ?? 0) + 1)
    const picture = waiting.get(place)!.shift()
    if (picture) images.push(picture)
    return picture?.written?.text ?? place
  })
  for (const [place, count] of given)
    assertPlaces(place === imagePlace ? 'images' : 'videos', found.get(place) ?? 0, count)
  return { text: written, images }
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
