import type { PreprocessorConfig } from '../../models/views/image-processor.ts'
import { framePreprocessor } from '../../models/views/video-processor.ts'
import type { StreamPlace } from '../method/carrying.ts'
import type { Method } from '../method/method.ts'
import type { ModelParts, WrittenPicture } from '../parts.ts'
import { questionIds } from '../talk/plain-prompt.ts'

/** How a picture is to be seen. */
export interface Look {
  readonly method: Method
  /** Whether it is the only image of its prompt; so it is when absent. */
  readonly alone?: boolean
  /** What is asked about it, for models and methods whose visual tokens depend on it. */
  readonly question?: string
  /** Of a frame of a stream: which it is. It is encoded once, as the next of its stream. */
  readonly stream?: StreamPlace
}

/** The same, as its views are encoded. */
export interface Manner {
  readonly method: Method
  /** Tokens of the question, where something reads it. */
  readonly asked?: readonly number[]
  readonly preprocessor: PreprocessorConfig
  readonly stream?: StreamPlace
  /** Whether the views are the frames of a video. */
  readonly isVideo?: boolean
  /** Of a video that is written as text. */
  readonly written?: WrittenPicture
}

/** How images are encoded for a look; the tokens of the question are there where something reads them. */
export function mannerOf(parts: ModelParts, { method, question = '', stream }: Look): Manner {
  const isRead = parts.architecture.vision.question || method.needs?.question
  const asked = isRead ? questionIds(parts, question) : undefined
  return { method, asked, stream, preprocessor: parts.preprocessor }
}

/** The same for frames. */
export const inFrames = (how: Manner): Manner => ({
  ...how,
  isVideo: true,
  preprocessor: framePreprocessor(how.preprocessor),
})
