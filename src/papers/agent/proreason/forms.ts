/** Forms that replies are held to, for models that would not keep to them. */
import { type Choice, type Grammar, grammarOf } from '../../../text/grammar.ts'
import type { Tokenizer } from '../../../text/tokenizer.ts'
import type { Expert } from './parse.ts'
import { names } from './prompts.ts'

export const EXPERTS: readonly Expert[] = ['vision', 'reasoning']

/** What may be said, and how many tokens the form takes of it. */
export interface Form extends Pick<Grammar, 'allowed'> {
  readonly tokens: number
}

export interface Forms {
  /** Whom to ask, and what. */
  dispatch(experts: readonly Expert[], questions: readonly string[]): Form
  verdict(): Form
  /** A result in free words, without the reasons for it. */
  conclusion(): Form
  /** One of the answers; free words where there is none. */
  summary(answers: readonly string[], isOpen: boolean): Form
}

export function formsOf(tokenizer: Tokenizer): Forms {
  const choice = (...texts: string[]): Choice => texts.map((text) => tokenizer.encode(text))
  const ends = [tokenizer.eosToken, tokenizer.padToken].flatMap((token) => tokenizer.tokenToId(token ?? '') ?? [])
  const form = (parts: readonly Choice[], isOpen = false): Form => {
    const { allowed, longest } = grammarOf(parts, isOpen ? { openUntil: ends } : {})
    return { allowed, tokens: longest }
  }
  return {
    dispatch: (experts, questions) =>
      form([
        choice("{\n'Thought': '',\n'EXPERT': '"),
        choice(...experts.map((expert) => names[expert])),
        choice("',\n'Question': '"),
        choice(...questions),
        choice("'\n}"),
      ]),
    verdict: () => form([choice('Answer: '), choice('CAN_SOLVE', 'UNSOLVABLE')]),
    conclusion: () => form([choice('Final Answer:')], true),
    summary: (answers, isOpen) => {
      const marker = isOpen ? [] : [choice('Answer:')]
      return answers.length > 0 ? form([...marker, choice(...answers)]) : form(marker, true)
    },
  }
}

/** A task, and the sentences and halves that it is made of; what is no question by itself is left to who is asked. */
export function partsOfTask(task: string): string[] {
  const whole = task.replace(/\s+/g, ' ').trim()
  const parts = whole.split(/(?<=[.?!;])\s+|,\s+|\s+and\s+/).map((part) => part.trim())
  return [...new Set([whole, ...parts])].filter((part) => part.split(' ').length > 1 || part === whole)
}
