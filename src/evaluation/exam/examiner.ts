/** Puts questions to a model and judges what it says. */
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import { GREEDY } from '../../text/sampling.ts'
import type { QA } from '../../world/index.ts'
import { formOf, type Score, scoreAnswer } from '../score.ts'
import { openForcedPass } from './forced-answers.ts'
import { askAbout, filmForm, type Shown } from './shown.ts'

export interface Verdict extends Score {
  /** Absent where it was not asked for: the answer is another than the true one. */
  readonly reply?: string
}

export interface Examiner {
  /**
   * Judges the answers of several conversations about the same pictures.
   * @param wants `replies`: what was said is known for each; `verdicts`: only where it decides
   */
  ask(shown: Shown, conversations: readonly (readonly QA[])[], wants: 'replies' | 'verdicts'): Promise<Verdict[][]>
  dispose(): Promise<void>
}

export interface ExamOptions {
  readonly model: Model
  readonly method: Method
  readonly signal?: AbortSignal
  /** Decodes every answer, as a check of the faster way. */
  readonly decodes?: boolean
}

const MAX_TOKENS = 96

/**
 * Answers are greedy. Those that equal the truth are found by one teacher-forced pass over all questions about the same
 * pictures; only the others are decoded, and only where it matters what was said instead.
 */
export async function openExaminer({ model, method, signal, decodes }: ExamOptions): Promise<Examiner> {
  const form = filmForm(model.parts)
  const pass = decodes ? undefined : await openForcedPass(model, method, form)
  const decode = (shown: Shown, turns: readonly QA[]) =>
    turns.length === 1
      ? answerOne(model, method, askAbout(shown, turns[0].question, form), signal).then((reply) => [reply])
      : answerTurns(model, method, shown, turns, signal)
  return {
    ask: async (shown, conversations, wants) => {
      if (conversations.length === 0) return []
      const forced = await pass?.verdicts(shown, conversations)
      const verdicts: Verdict[][] = []
      for (const [at, turns] of conversations.entries()) {
        const isExact = forced?.[at].every(Boolean) ?? false
        const isOpen = !isExact && (wants === 'replies' || !forced || turns.length > 1 || turns.some(isTolerant))
        const replies = isExact ? turns.map(({ answer }) => answer) : isOpen ? await decode(shown, turns) : undefined
        verdicts.push(turns.map((qa, turn) => verdictOf(qa, replies?.[turn])))
      }
      return verdicts
    },
    dispose: async () => pass?.dispose(),
  }
}

/** Whether an answer may be right that is not the true one to the letter. */
const isTolerant = (qa: QA): boolean => formOf(qa) !== 'words'

const verdictOf = (qa: QA, reply: string | undefined): Verdict =>
  reply === undefined ? { correct: false } : { ...scoreAnswer(qa, reply), reply }

async function answerOne(
  model: Model,
  method: Method,
  message: ReturnType<typeof askAbout>,
  signal?: AbortSignal,
): Promise<string> {
  const reply = await model.generate({ messages: [message], method, ...GREEDY, maxTokens: MAX_TOKENS, signal })
  return reply.text
}

/** All turns in one conversation. */
async function answerTurns(
  model: Model,
  method: Method,
  { pictures }: Shown,
  turns: readonly QA[],
  signal?: AbortSignal,
): Promise<string[]> {
  const conversation = await model.converse([...pictures], method)
  try {
    const replies: string[] = []
    for (const { question } of turns)
      replies.push((await conversation.ask(question, { ...GREEDY, maxTokens: MAX_TOKENS, signal })).text)
    return replies
  } finally {
    await conversation.close()
  }
}
