import { FoveaError } from '../errors.ts'
import type { EmbedderParts } from './embedder-parts.ts'

/**
 * The ids of a text between the tokens that the tokenizer frames a text with.
 * @throws FoveaError `text_too_long` where the encoder has no position for its end and `truncate` is false
 */
export function textIds(
  { encoder, tokenizer, tokenizerClass }: Pick<EmbedderParts, 'encoder' | 'tokenizer' | 'tokenizerClass'>,
  text: string,
  truncate: boolean,
): number[] {
  const { maxLength, canonical } = encoder.text
  const { prefix, suffix } = tokenizer
  const ids = tokenizer.encode(canonical?.(text, tokenizerClass) ?? text)
  const room = maxLength - prefix.length - suffix.length
  if (ids.length > room && !truncate) {
    const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)
    const message = `the text ${shown} has ${ids.length} tokens, ${encoder.name} reads ${room}; shorten it or truncate it`
    throw new FoveaError('text_too_long', 'input', message)
  }
  return [...prefix, ...ids.slice(0, room), ...suffix]
}

export interface TextBatch {
  /** One text after the other, each of `length` ids. */
  readonly ids: readonly number[]
  /** Where among all of them the states are that stand for the texts. */
  readonly places: readonly number[]
  readonly length: number
}

/** Texts of one length: what fills them up is seen by none before it (CLIP), or as in training (SigLIP). */
export function fillUp(
  { encoder, tokenizer }: Pick<EmbedderParts, 'encoder' | 'tokenizer'>,
  texts: readonly (readonly number[])[],
): TextBatch {
  const { maxLength, isFixedLength, padId, pooledAt } = encoder.text
  const length = isFixedLength ? maxLength : Math.max(1, ...texts.map((ids) => ids.length))
  const pad = (tokenizer.padToken === undefined ? undefined : tokenizer.tokenToId(tokenizer.padToken)) ?? padId
  return {
    ids: texts.flatMap((ids) => [...ids, ...new Array<number>(length - ids.length).fill(pad)]),
    places: texts.map((ids, row) => row * length + pooledAt(ids)),
    length,
  }
}
