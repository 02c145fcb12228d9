import type { RgbImage } from '../../media/image.ts'
import type { Video } from '../../media/video.ts'
import type { LanguageProgram } from '../flow/language-program.ts'
import type { Held } from '../flow/program-cache.ts'
import type { Method } from '../method/method.ts'
import type { EncodedImage, ModelParts, PreparedImage } from '../parts.ts'
import type { Look } from '../pictures/look.ts'
import type { Prefixes } from './prefixes.ts'

/** What conversations need of a model. */
export interface Host {
  readonly parts: ModelParts
  /** Throws FoveaError `model_disposed`, kind `usage`, once the model is gone. */
  assertOpen(): void
  prepare(image: RgbImage, look: Look): Promise<PreparedImage>
  prepareVideo(video: Video, look: Look): Promise<PreparedImage>
  /** Pictures that are ready, encoded together. */
  encodePictures(pictures: readonly PreparedImage[]): Promise<EncodedImage[]>
  /** The language program under a method, which is not freed before it is released. */
  holdLanguage(method: Method): Promise<Held<LanguageProgram>>
  /** Of conversations that ended; absent: nothing is kept of them. */
  readonly prefixes?: Prefixes
}
