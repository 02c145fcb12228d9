/** Regular expressions as forms: what they match is followed, never searched with backtracking. */
import { FoveaError } from '../../errors.ts'
import { chars, choice, type Form, literal, type Range, repeat, sequence, without } from './form.ts'

/** Groups within groups, and how often a part may be counted. */
const [DEEPEST, MOST_TIMES] = [64, 1_000_000]

const DIGITS: Range[] = [[48, 57]]
const WORD: Range[] = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
]
const SPACE: Range[] = [
  [9, 13],
  [32, 32],
  [160, 160],
]
const CLASSES: Readonly<Record<string, readonly Range[]>> = {
  d: DIGITS,
  D: without(DIGITS),
  w: WORD,
  W: without(WORD),
  s: SPACE,
  S: without(SPACE),
}
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, 0: 0 }
const ANY = without([
  [10, 10],
  [13, 13],
])

export interface RegexOptions {
  /** The expression may match anywhere in the text, as in JSON schemas; otherwise it is all of the text. */
  readonly search?: boolean
  /** Code points that may occur at all. */
  readonly within?: (ranges: readonly Range[]) => readonly Range[]
}

/**
 * Reads literals, classes, groups, alternatives and counts; `^` and `$` at the ends.
 * @throws FoveaError `regex_invalid`, kind `usage`, with the place
 */
export const regexForm = (source: string, options: RegexOptions = {}): Form => new Reader(source, options).read()

class Reader {
  private readonly source: readonly string[]
  private at = 0
  private depth = 0

  constructor(
    text: string,
    private readonly options: RegexOptions,
  ) {
    this.source = [...text]
  }

  read(): Form {
    const { search } = this.options
    const opens = this.take('^')
    const form = this.alternatives()
    const closes = this.take('$')
    if (this.at < this.source.length) throw this.problem(`"${this.source[this.at]}" is out of place`)
    const anything = repeat(this.chars(without([])))
    if (!search) return form
    return sequence(...(opens ? [] : [anything]), form, ...(closes ? [] : [anything]))
  }

  private alternatives(): Form {
    if (++this.depth > DEEPEST) throw this.problem(`groups lie more than ${DEEPEST} deep`)
    const options = [this.run()]
    while (this.take('|')) options.push(this.run())
    this.depth--
    return options.length === 1 ? options[0] : choice(...options)
  }

  private run(): Form {
    const parts: Form[] = []
    while (this.at < this.source.length && !'|)'.includes(this.source[this.at]) && !this.isEnd())
      parts.push(this.counted())
    return sequence(...parts)
  }

  private isEnd(): boolean {
    return this.source[this.at] === '$' && this.at === this.source.length - 1
  }

  private counted(): Form {
    let part = this.atom()
    for (let count = this.count(); count; count = this.count()) {
      part = repeat(part, ...count)
      this.take('?') // the same texts, whichever is looked for first
    }
    return part
  }

  private count(): [least: number, most: number] | undefined {
    if (this.take('*')) return [0, Number.POSITIVE_INFINITY]
    if (this.take('+')) return [1, Number.POSITIVE_INFINITY]
    if (this.take('?')) return [0, 1]
    const rest = this.source.slice(this.at, this.at + 32).join('')
    const found = /^\{(\d+)(?:(,)(\d*))?\}/.exec(rest)
    if (!found) return undefined
    this.at += found[0].length
    const least = Number(found[1])
    const most = found[2] === undefined ? least : found[3] === '' ? Number.POSITIVE_INFINITY : Number(found[3])
    if (least > most || least > MOST_TIMES) throw this.problem(`${found[0]} is no count up to ${MOST_TIMES}`)
    return [least, most]
  }

  private atom(): Form {
    const char = this.source[this.at++]
    if (char === '(') return this.group()
    if (char === '[') return this.chars(this.charClass())
    if (char === '.') return this.chars(ANY)
    if (char === '\\') return this.chars(this.escape())
    if ('*+?{'.includes(char)) throw this.problem(`nothing stands before ${char}`)
    if ('^$'.includes(char)) throw this.problem(`${char} may only stand at the end that it means`)
    return this.chars([pointOf(char)])
  }

  private group(): Form {
    if (this.take('?') && !this.take(':')) throw this.problem('of groups that begin with ? only (?: is followed')
    const form = this.alternatives()
    if (!this.take(')')) throw this.problem('a group is not closed')
    return form
  }

  private charClass(): Range[] {
    const isOther = this.take('^')
    const ranges: Range[] = []
    for (let first = true; first || this.source[this.at] !== ']'; first = false) {
      if (this.at >= this.source.length) throw this.problem('a class is not closed')
      ranges.push(...this.classItem())
    }
    this.at++
    return isOther ? without(ranges) : ranges
  }

  private classItem(): readonly Range[] {
    const low = this.classPoint()
    const isRange = this.source[this.at] === '-' && this.source[this.at + 1] !== ']' && this.at + 1 < this.source.length
    if (!isRange || low.length !== 1 || low[0][0] !== low[0][1]) return low
    this.at++
    const [[high] = [-1]] = this.classPoint()
    if (high < low[0][0]) throw this.problem('a range of a class runs backwards')
    return [[low[0][0], high]]
  }

  private classPoint(): readonly Range[] {
    const char = this.source[this.at++]
    return char === '\\' ? this.escape() : [pointOf(char)]
  }

  private escape(): readonly Range[] {
    const char = this.source[this.at++]
    if (char === undefined) throw this.problem('nothing follows the last \\')
    if (char in CLASSES) return CLASSES[char]
    if (char in CONTROLS) return [[CONTROLS[char], CONTROLS[char]]]
    if (char === 'x' || char === 'u') return this.hex(char === 'x' ? 2 : 4)
    if (/[a-zA-Z1-9]/.test(char)) throw this.problem(`\\${char} is not followed`)
    return [pointOf(char)]
  }

  private hex(length: number): readonly Range[] {
    const digits = this.source.slice(this.at, this.at + length).join('')
    if (!/^[\da-fA-F]+$/.test(digits) || digits.length < length) throw this.problem('a code of a character is cut off')
    this.at += length
    const point = Number.parseInt(digits, 16)
    return [[point, point]]
  }

  private chars(ranges: readonly Range[]): Form {
    const { within } = this.options
    return chars(...(within?.(ranges) ?? ranges))
  }

  private take(char: string): boolean {
    if (this.source[this.at] !== char) return false
    this.at++
    return true
  }

  private problem(what: string): FoveaError {
    return new FoveaError('regex_invalid', 'usage', `the regular expression cannot be followed at ${this.at}: ${what}`)
  }
}

const pointOf = (char: string): Range => [char.codePointAt(0)!, char.codePointAt(0)!]

/** Words of which one is said. */
export const oneOf = (words: readonly string[]): Form => choice(...words.map(literal))
