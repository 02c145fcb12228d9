import type { GivenImage } from '../../media/image.ts'
import type { Video } from '../../media/video.ts'

/** Of a message: text, or a place for a picture, which it may hold itself; otherwise the next of those given beside it. */
export type ContentPart =
  | {
      readonly type: 'text'
      readonly text: string
      /** Of a method's own prompt: words that it asks for are read as such, not as text that somebody typed. */
      readonly isMarkup?: true
    }
  | { readonly type: 'image'; readonly image?: GivenImage }
  | { readonly type: 'video'; readonly video?: Video }

/** A turn of a conversation, as chat templates know it. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant'
  /** A text stands for one part of text. */
  readonly content: string | readonly ContentPart[]
}
