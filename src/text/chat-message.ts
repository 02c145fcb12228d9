/** What chat templates write: turns of a conversation. */

export interface TextPart {
  type: 'text'
  text: string
  /** Written by the program itself: special tokens in it are meant. */
  isMarkup?: true
}

export type MessagePart = TextPart | { type: 'image' } | { type: 'video' } | { type: 'audio' }

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant' | 'tool'
  content: string | MessagePart[]
}
