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
