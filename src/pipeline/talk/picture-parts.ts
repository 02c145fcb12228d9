import type { Request, TalkSite } from '../method/talk-side.ts'
import type { ContentPart, Message } from './message.ts'

const isPicture = ({ type }: ContentPart): boolean => type === 'image' || type === 'video'

/** The pictures of a conversation, each in its part, in order. */
export const pictureParts = (messages: readonly Message[]): ContentPart[] =>
  messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content.filter(isPicture)))

/** The same turns without any picture; of a prompt that was written as a whole, without the tokens that stand for them. */
export function withoutPictures({ messages, options }: Request, site: TalkSite): readonly Message[] {
  const clean = options.rawPrompt ? withoutTokens(site) : (text: string) => text
  return messages.map(({ role, content }) => ({
    role,
    content:
      typeof content === 'string'
        ? content
        : content
            .filter((part) => !isPicture(part))
            .map((part) => (part.type === 'text' ? { ...part, text: clean(part.text) } : part)),
  }))
}

function withoutTokens({ architecture: { prompt }, tokenizer }: TalkSite): (text: string) => string {
  const { imageToken, placeholder, video } = prompt
  const tokens = [imageToken, video?.token].map((id) => (id === undefined ? undefined : tokenizer.idToToken(id)))
  const places = [...tokens, placeholder, video?.written?.placeholder].filter((place) => place !== undefined)
  return (text) => places.reduce((rest, place) => rest.replaceAll(place, ''), text)
}
