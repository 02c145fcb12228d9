/** A guard against regular expressions, from tokenizer files, that take exponential time. */

const UNBOUNDED = /^(?:[+*]|\{\d+,\})/

/** Position after the escape or character class that starts at `at`, or after one ordinary character. */
function skipAtom(source: string, at: number): number {
  if (source[at] === '\\') return at + 2
  if (source[at] !== '[') return at + 1
  let end = at + 1
  while (end < source.length && source[end] !== ']') end = skipAtom(source, end)
  return end + 1
}

/**
 * Whether an unbounded repeat stands inside a group that is itself repeated without bound, as in `(a+)+`.
 * The split patterns of published tokenizers have none.
 */
export function hasNestedRepeat(source: string): boolean {
  const groups: boolean[] = [] // for each open group: does it hold an unbounded repeat?
  let holds = false
  for (let at = 0; at < source.length; ) {
    if (source[at] === '(') {
      groups.push(holds)
      holds = false
      at++
      continue
    }
    const closing = source[at] === ')'
    at = closing ? at + 1 : skipAtom(source, at)
    const repeated = UNBOUNDED.test(source.slice(at, at + 12))
    if (closing && holds && repeated) return true
    if (closing) holds = (groups.pop() ?? false) || holds
    holds ||= repeated
  }
  return false
}

/** A counted repeat above this is as good as one without bound. */
const MOST_COUNTED = 16

/**
 * How many repeats without bound follow each other at most in an alternative: over n letters a search takes at most about
 * n^(repeats + 1) steps. Infinity where that cannot be told: repeated groups, references to groups.
 */
export function repeatsInRow(source: string): number {
  let [most, row, depth] = [0, 0, 0]
  for (let at = 0; at < source.length; ) {
    const letter = source[at]
    if (letter === '|' && depth === 0) row = 0
    if (letter === '(') depth++
    if (letter === ')' && /^[*+{]/.test(source.slice(at + 1))) return Number.POSITIVE_INFINITY
    if (letter === ')') depth--
    if (/^\\[1-9k]/.test(source.slice(at, at + 2))) return Number.POSITIVE_INFINITY
    at = '()|'.includes(letter) ? at + 1 : skipAtom(source, at)
    if (isLong(source.slice(at, at + 16))) row++
    most = Math.max(most, row)
  }
  return most
}

/** Whether a quantifier stands here that lets an atom come more than a few times. */
function isLong(rest: string): boolean {
  const counted = /^\{\d*(?:,(\d*))?\}/.exec(rest)
  return UNBOUNDED.test(rest) || Number(counted?.[1] || 0) > MOST_COUNTED
}
