/** What a language model reads of a video: a diary, and the question when something happens in it. */

export const PROMPTS = ['zero-shot', 'one-shot', 'one-shot-judged'] as const
export type PromptType = (typeof PROMPTS)[number]

/** What was said of the frame at a second. */
export interface Line {
  readonly second: number
  readonly text: string
}

/** One line per frame: `2s: a red ring`. */
export const diaryOf = (lines: readonly Line[]): string =>
  lines.map(({ second, text }) => `${second}s: ${text.replace(/\s+/g, ' ').trim()}`).join('\n')

/** Invented: no video of any test set shows it. */
const EXAMPLE = `Here is an example.
0s: a table with a cup
1s: a table with a cup
2s: a hand lifts the cup
3s: a hand holds the cup
4s: a table
Query: a hand takes the cup
Answer: [2s, 3s]
Now the real one.
`
const JUDGED = 'First judge whether these descriptions are suitable for finding the query in them.\n'

/** The prompt of the second stage; the question is at its end, so that it is never what is cut. */
export function groundingPrompt(lines: readonly Line[], query: string, type: PromptType): string {
  const example = type === 'zero-shot' ? '' : EXAMPLE
  const judged = type === 'one-shot-judged' ? JUDGED : ''
  return `${example}These are descriptions of a video, each with its time:
${diaryOf(lines)}
${judged}Find the start time and the end time of the query in the video. Answer as [start, end].
Query: ${query}`
}

/** What a video model is asked, which sees the frames itself. */
export const directPrompt = (query: string): string =>
  `Find the start time and the end time of the query in the video. Answer as [start, end].\nQuery: ${query}`

/** What is asked about each frame, so that the diary knows the query. */
export const frameQuestions = (query: string): readonly [plain: string, aware: string] => [
  'what is happening in the image?',
  `is it currently happening in the image: ${query}? answer yes or no.`,
]

/**
 * A reader of diaries by rule: the longest run of lines that say yes of the query, or name it. Undefined where no line
 * does. Stands in where a language model is too small to read, and for an oracle diary.
 */
export function readDiary(lines: readonly Line[], query: string): readonly [number, number] | undefined {
  const says = lines.map(({ text }) => {
    const lower = text.toLowerCase()
    return /\byes\b/.test(lower) || lower.includes(query.toLowerCase())
  })
  let best: readonly [number, number] | undefined
  for (let from = 0; from < lines.length; from++) {
    let to = from
    while (to < lines.length && says[to]) to++
    const end = lines[to]?.second ?? lines[to - 1]?.second + stepOf(lines)
    if (to > from && (!best || end - lines[from].second > best[1] - best[0])) best = [lines[from].second, end]
    from = Math.max(from, to - 1)
  }
  return best
}

const stepOf = (lines: readonly Line[]): number => (lines.length > 1 ? lines[1].second - lines[0].second : 1)
