/** What chat templates write: turns of a conversation. */

export type MessagePart = { type: 'text'; text: string } | { type: 'image' } | { type: 'video' } | { type: 'audio' }

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant' | 'tool'
  content: string | MessagePart[]
}
