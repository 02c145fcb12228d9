/** Telling the special tokens of an assembled prompt from text that only looks like them. */
import { TokenTrie } from './token-trie.ts'

/** A noncharacter of Unicode, which no text should hold: it follows the first character of a harmless "special" token. */
const MARK = '\uFDD0'

/** How text beside a special token is treated: spaces before (lstrip) or after it (rstrip) belong to the token. */
export interface SpecialToken {
  content: string
  lstrip?: boolean
  rstrip?: boolean
}

/** A part of a prompt: a special token, or a stretch of text between two. */
export interface PromptPart {
  text: string
  special: boolean
  /** True until the first special token. */
  first: boolean
}

export interface SpecialTokens {
  /** Breaks, with marks, every special token in a text, also one that text after it would complete. */
  protect(text: string): string
  unprotect(text: string): string
  /** Cuts a prompt at its unbroken special tokens and removes the marks. */
  split(prompt: string): PromptPart[]
}

/** Breaks a string that stands for something in prompts, but is no token, where a text holds it. */
export const breakApart = (text: string, name: string): string =>
  text.replaceAll(name, `${name[0]}${MARK}${name.slice(1)}`)

function unprotect(text: string): string {
  return text.replaceAll(MARK, '')
}

function createProtect(tokens: readonly string[], trie: TokenTrie): (text: string) => string {
  const longest = tokens.reduce((most, { length }) => Math.max(most, length), 0)
  return (text) => {
    const marked = markWhere(unprotect(text), 0, (whole, at) => trie.beginsAt(whole, at))
    return markWhere(marked, Math.max(0, marked.length - 2 * longest), (whole, at) => trie.endsWithin(whole, at))
  }
}

/** Puts a mark behind each character, from a place on, at which something holds. */
function markWhere(text: string, from: number, holds: (text: string, at: number) => boolean): string {
  const parts: string[] = []
  let done = 0
  for (let at = from; at < text.length; at++) {
    if (!holds(text, at)) continue
    const end = at + String.fromCodePoint(text.codePointAt(at)!).length
    parts.push(text.slice(done, end), MARK)
    done = end
  }
  return parts.join('') + text.slice(done)
}

/** The rules for a set of special tokens. */
export function createSpecialTokens(tokens: readonly SpecialToken[]): SpecialTokens {
  const byContent = new Map(tokens.map((token) => [token.content, token]))
  const contents = [...byContent.keys()]
  const trie = new TokenTrie(contents)

  /** The longest token at a place that no mark follows. */
  const tokenAt = (prompt: string, at: number): SpecialToken | undefined => {
    const length = trie.lengthsAt(prompt, at).find((length) => prompt[at + length] !== MARK)
    return length === undefined ? undefined : byContent.get(prompt.slice(at, at + length))
  }

  function stretch(text: string, before?: SpecialToken, after?: SpecialToken): PromptPart {
    let trimmed = before?.rstrip ? text.trimStart() : text
    if (after?.lstrip) trimmed = trimmed.trimEnd()
    return { text: unprotect(trimmed), special: false, first: before === undefined }
  }

  function split(prompt: string): PromptPart[] {
    const parts: PromptPart[] = []
    let end = 0
    let before: SpecialToken | undefined
    for (let at = 0; at < prompt.length; at++) {
      const token = tokenAt(prompt, at)
      if (!token) continue
      parts.push(stretch(prompt.slice(end, at), before, token))
      parts.push({ text: token.content, special: true, first: before === undefined })
      end = at + token.content.length
      at = end - 1
      before = token
    }
    parts.push(stretch(prompt.slice(end), before))
    return parts.filter(({ text }) => text !== '')
  }

  return { protect: createProtect(contents, trie), unprotect, split }
}
