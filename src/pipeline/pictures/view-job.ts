import type { View } from '../../models/views/view.ts'
import type { ViewPixels } from '../flow/view-pixels.ts'
import type { StreamPlace } from '../method/carrying.ts'
import type { Method } from '../method/method.ts'

/** A view that is to be encoded. */
export interface ViewJob {
  readonly view: View
  readonly how: { readonly method: Method; readonly asked?: readonly number[] }
  /** Of a frame of a stream: which it is. */
  readonly stream?: StreamPlace
  /** Of a frame of a video whose frames go through the encoder together: which video. */
  readonly video?: object
  /** Made when its run begins, so that the pixels of a long video are never all there at once. */
  pixels(): ViewPixels
}
