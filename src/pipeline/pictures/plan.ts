import type { RgbImage } from '../../media/image.ts'
import type { Video } from '../../media/video.ts'
import type { VideoReader } from '../../models/views/prompt-form.ts'
import type { View } from '../../models/views/view.ts'
import type { EncodedView } from '../flow/encoded-view.ts'
import { splitFrames } from '../flow/frame-run.ts'
import type { ModelParts, PromptPicture } from '../parts.ts'
import { imagePrompt, imageText } from '../talk/layout.ts'
import { partsUnder } from '../talk/parts-under.ts'
import { joinClips } from './clips.ts'
import { type Cuts, cutPicture } from './cuts.ts'
import { inFrames, type Manner } from './look.ts'

/** What is to become of a picture: what stands for it in a prompt, its views, and what is made of these when they are encoded. */
export interface Plan {
  readonly place: PromptPicture
  readonly cuts: Cuts
  readonly how: Manner
  join(gathered: EncodedView[]): EncodedView[]
}

/** @param cut how the family cuts it, as the only image of a prompt or as one of several */
export function planImage(parts: ModelParts, image: RgbImage, cut: (image: RgbImage) => View[], how: Manner): Plan {
  const { architecture } = parts
  const { prompt: form } = architecture
  const cutting = { views: () => cut(image), pack: (views: readonly View[]) => form.pack?.(image, views), image }
  const cuts = cutPicture(architecture, how.method, cutting)
  return { place: placeOfImage(parts, cuts, how), cuts, how, join: asTheyAre }
}

/** A frame of a stream, cut as the family cuts those of videos, where it takes any. */
export function planFrame(parts: ModelParts, image: RgbImage, cut: (image: RgbImage) => View[], how: Manner): Plan {
  const { video: reader } = parts.architecture.prompt
  if (!reader) return planImage(parts, image, cut, how)
  const cuts = cutFrames(parts, { frames: [image], framesPerSecond: 1 }, reader, how)
  return { place: placeOfImage(parts, cuts, how), cuts, how: inFrames(how), join: asTheyAre }
}

export function planVideo(parts: ModelParts, video: Video, reader: VideoReader, how: Manner): Plan {
  const { imageToken } = parts.architecture.prompt
  const cuts = cutFrames(parts, video, reader, how)
  const { views, slots } = cuts
  const { token } = reader
  const plan = { cuts, how: inFrames(how) }
  if (how.written) {
    const join = (gathered: EncodedView[]) =>
      gathered.length < views.length ? splitFrames(gathered[0], views.length) : gathered
    return { ...plan, place: { prompt: [], views, token, written: how.written }, join }
  }
  const join = slots ? asTheyAre : (gathered: EncodedView[]) => [joinClips(gathered, views)]
  return { ...plan, place: { prompt: [imageToken], views: ONE_RUN, token }, join }
}

const ONE_RUN = { length: 1 }

const asTheyAre = (gathered: EncodedView[]) => gathered

const cutFrames = ({ architecture }: ModelParts, video: Video, reader: VideoReader, { method }: Manner): Cuts =>
  cutPicture(architecture, method, {
    views: () => reader.views(video),
    pack: (views) => reader.pack?.(views),
  })

/** What stands for an image of these views, as tokens or as text. */
function placeOfImage(parts: ModelParts, { views, slots }: Cuts, { method }: Manner): PromptPicture {
  if (slots) return { prompt: [parts.architecture.prompt.imageToken], views: ONE_RUN }
  const own = partsUnder(parts, method)
  const { placeholder } = own.architecture.prompt
  const place = { prompt: imagePrompt(own, views, method.name), views }
  if (placeholder === undefined) return place
  return { ...place, written: { placeholder, text: imageText(own, views, method.name)! } }
}
