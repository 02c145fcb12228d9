/**
 * JSON as hostile files require it. `JSON.parse` keeps the last of two equal keys, turns 1e400 into Infinity and rounds
 * 2^53 + 1; here equal keys are an error, objects are Maps (so `__proto__` is a key like any other) and a number that is
 * not a whole number from 0 to 2^53 - 1 is kept as written, for the caller to name in its message.
 */

/** A number literal other than a safe whole number, as written in the file. */
export class OddNumber {
  constructor(readonly text: string) {}
}

export type StrictJson = null | boolean | string | number | OddNumber | StrictJson[] | Map<string, StrictJson>

const MAX_DEPTH = 16
/** Entries of an object: tensors of a file, or of an index. The largest models have some 100,000. */
const MAX_ENTRIES = 250_000
/** Values in all: ten or so for each tensor. */
const MAX_VALUES = 4_000_000
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const SPACE = /[ \t\n\r]*/y
const WORDS = { true: true, false: false, null: null } as const

/**
 * Parses one JSON document.
 * @throws SyntaxError with the character position, for bad syntax, equal keys, nesting deeper than 16, and more
 * than 250,000 entries of an object or 4 million values
 */
export function parseStrictJson(text: string): StrictJson {
  let at = 0
  let values = 0

  function fail(what: string): never {
    throw new SyntaxError(`${what} at character ${at}`)
  }

  function match(pattern: RegExp): string | undefined {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    at += found?.length ?? 0
    return found
  }

  /** Skips spaces, and `mark` if it comes next. */
  function take(mark: string): boolean {
    match(SPACE)
    const found = text[at] === mark
    if (found) at++
    return found
  }

  // Scanned by hand: a regular expression would run out of stack on a string of many megabytes.
  function string(): string {
    if (text[at] !== '"') fail('a string was expected')
    let end = at + 1
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1
    try {
      const value = JSON.parse(text.slice(at, end + 1)) as string
      at = end + 1
      return value
    } catch {
      return fail('a string is not closed or holds a bad character')
    }
  }

  function number(): number | OddNumber {
    const literal = match(NUMBER) ?? fail('unexpected text')
    const value = /^\d+$/.test(literal) ? Number(literal) : Number.NaN
    return Number.isSafeInteger(value) ? value : new OddNumber(literal)
  }

  function object(depth: number): Map<string, StrictJson> {
    const entries = new Map<string, StrictJson>()
    if (take('}')) return entries
    do {
      match(SPACE)
      const key = string()
      if (entries.size === MAX_ENTRIES) fail(`there are more than ${MAX_ENTRIES} entries`)
      if (entries.has(key)) fail(`the key ${JSON.stringify(key.slice(0, 120))} comes twice`)
      if (!take(':')) fail('":" was expected')
      entries.set(key, value(depth))
    } while (take(','))
    return take('}') ? entries : fail('"}" was expected')
  }

  function array(depth: number): StrictJson[] {
    const items: StrictJson[] = []
    if (take(']')) return items
    do items.push(value(depth))
    while (take(','))
    return take(']') ? items : fail('"]" was expected')
  }

  function value(depth: number): StrictJson {
    if (depth === MAX_DEPTH) fail('nesting is too deep')
    if (++values > MAX_VALUES) fail(`there are more than ${MAX_VALUES} values`)
    if (take('{')) return object(depth + 1)
    if (take('[')) return array(depth + 1)
    if (text[at] === '"') return string()
    const word = (Object.keys(WORDS) as (keyof typeof WORDS)[]).find((name) => text.startsWith(name, at))
    if (!word) return number()
    at += word.length
    return WORDS[word]
  }

  const document = value(0)
  match(SPACE)
  return at === text.length ? document : fail('text follows the end of the document')
}
