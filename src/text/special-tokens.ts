/** Telling the special tokens of an assembled prompt from text that only looks like them. */

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

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** Matches any of `tokens`; longer ones first, because one may begin another. */
function anyOf(tokens: readonly string[]): string {
  const longestFirst = [...tokens].sort((a, b) => b.length - a.length)
  return longestFirst.map(escapeRegex).join('|') || '(?!)'
}

export function unprotect(text: string): string {
  return text.replaceAll(MARK, '')
}

function createProtect(tokens: readonly string[]): (text: string) => string {
  // Lookaheads find tokens that overlap, too.
  const whole = new RegExp(`(?=${anyOf(tokens)}).`, 'gsu')
  const beginnings = new Set(tokens.flatMap((token) => Array.from(token, (_, i) => token.slice(0, i + 1)).slice(0, -1)))
  const cut = new RegExp(`(?=(?:${anyOf([...beginnings])})$).`, 'gsu')
  const longest = Math.max(0, ...tokens.map((token) => token.length))
  return (text) => {
    const marked = unprotect(text).replace(whole, `$&${MARK}`)
    const border = Math.max(0, marked.length - 2 * longest)
    return marked.slice(0, border) + marked.slice(border).replace(cut, `$&${MARK}`)
  }
}

/** The rules for a set of special tokens. */
export function createSpecialTokens(tokens: readonly SpecialToken[]): SpecialTokens {
  const byContent = new Map(tokens.map((token) => [token.content, token]))
  const contents = [...byContent.keys()]
  const unbroken = new RegExp(`(?:${anyOf(contents)})(?!${MARK})`, 'gu')

  function stretch(text: string, before?: SpecialToken, after?: SpecialToken): PromptPart {
    let trimmed = before?.rstrip ? text.trimStart() : text
    if (after?.lstrip) trimmed = trimmed.trimEnd()
    return { text: unprotect(trimmed), special: false, first: before === undefined }
  }

  function split(prompt: string): PromptPart[] {
    const parts: PromptPart[] = []
    let end = 0
    let before: SpecialToken | undefined
    for (const match of prompt.matchAll(unbroken)) {
      const token = byContent.get(match[0])!
      parts.push(stretch(prompt.slice(end, match.index), before, token))
      parts.push({ text: token.content, special: true, first: before === undefined })
      end = match.index + match[0].length
      before = token
    }
    parts.push(stretch(prompt.slice(end), before))
    return parts.filter(({ text }) => text !== '')
  }

  return { protect: createProtect(contents), unprotect, split }
}
