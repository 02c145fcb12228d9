import type { OptionSchema, PaperCard } from '../api/types.ts'

/** The options of a method by name, as its schema declares them. */
export function optionsOf(card: PaperCard | undefined): Readonly<Record<string, OptionSchema>> {
  const schema = card?.options as { readonly properties?: Readonly<Record<string, OptionSchema>> } | undefined
  return schema?.properties ?? {}
}

export const defaultsOf = (card: PaperCard | undefined): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(optionsOf(card)).map(([name, schema]) => [name, schema.default]))

/** A method as it is shown where nothing was chosen: at a quarter of the tokens, where it has a share. */
export function shownText(card: PaperCard): string {
  const given = { ...card.example, ...('keep' in optionsOf(card) && { keep: 0.25 }) }
  const words = Object.entries(given).map(([name, value]) => `${name}=${value}`)
  return [card.id, words.join(',')].filter(Boolean).join(':')
}

/** Methods that answer about an image with this model. */
export const answering = (cards: readonly PaperCard[]): PaperCard[] =>
  cards.filter(({ use, untrained }) => use === 'image' && !untrained)
