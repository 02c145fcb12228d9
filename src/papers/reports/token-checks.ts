/** What a method that chooses tokens owes beside what all do: that it keeps to the share it was told. */
import { dense } from '../../pipeline/method/compose.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { Reply } from '../../pipeline/talk/reply.ts'
import { buildMethod } from '../methods.ts'
import type { Paper } from '../paper.ts'
import { changeBeyondRounding, INCOMPARABLE, logitChange, lookUnder } from './asking.ts'
import { atBudget, BUDGETS, hasBudget } from './budgets.ts'
import { bothImages, type Check } from './check.ts'

/** @param dress gives methods weights that are not trained yet */
export function tokenChecks(entry: Paper, dress: (method: Method) => Method): Check[] {
  const at = (share: number) => dress(atBudget(entry, share))
  return [
    keepingAll(hasBudget(entry) ? at(1) : dress(buildMethod(entry, {})), hasBudget(entry)),
    ...withinBudgets(entry, at, dress),
    ...textAlone(dress(hasBudget(entry) ? atBudget(entry, BUDGETS[0]) : buildMethod(entry, {}))),
    ...(hasBudget(entry) ? [shrinking(at)] : []),
  ]
}

/**
 * Of methods that can be told to keep everything; of the others, for each picture of which they do. Where only pixels tell how
 * much is left, the program is one of named sizes, which the engine optimises otherwise: it gives other last bits.
 */
function keepingAll(method: Method, isTold: boolean): Check {
  const toTheBit = !method.needs?.alone
  return {
    name: `change of logits${toTheBit ? '' : ' beyond rounding'} by keeping everything`,
    unit: '',
    otherwise: `keeping everything is not ${toTheBit ? 'bit-identical to' : 'the same as'} the dense model`,
    unsaid: 'it keeps everything of no picture',
    measure: async (model, question) => {
      const looked = await lookUnder(model, method, question)
      const { before, last } = looked.reply.tokens.visual
      if (!isTold && last < before) return undefined
      const own = await lookUnder(model, dense, question)
      return toTheBit ? logitChange(looked, own) : changeBeyondRounding(looked, own)
    },
  }
}

function withinBudgets(entry: Paper, at: (share: number) => Method, dress: (method: Method) => Method): Check[] {
  const asked = (share: number) => ({ share, method: at(share), words: `, ${100 * share} % of tokens` })
  const whole = () => [{ share: 1, method: dress(buildMethod(entry, {})), words: '' }]
  const cases = hasBudget(entry) ? BUDGETS.map(asked) : whole()
  return cases.flatMap(({ share, method, words }) => {
    const otherwise = `${method.name} lets more tokens through than were asked for`
    const one: Check['measure'] = async (model, question) =>
      beyond((await lookUnder(model, method, question)).reply, share)
    const two: Check['measure'] = async (model, question, next) => {
      const { reply } = await lookUnder(model, method, question, bothImages(question, next))
      return reply.kept.length === 2 ? beyond(reply, share) : INCOMPARABLE
    }
    return [
      { name: `tokens beyond the budget${words}`, unit: 'tokens', otherwise, measure: one },
      { name: `tokens of two images beyond it${words}`, unit: 'tokens', otherwise, measure: two },
    ]
  })
}

/** What acts in the language model must leave text alone, too. */
const textAlone = (method: Method): Check[] =>
  method.read
    ? [
        {
          name: 'change of logits where there is no image',
          unit: '',
          otherwise: 'it changes prompts without an image',
          measure: async (model, question) =>
            logitChange(await lookUnder(model, method, question, []), await lookUnder(model, dense, question, [])),
        },
      ]
    : [] // held for every method that acts only in see

/** Attention of a step runs over the rows that each layer's cache holds: fewer tokens must leave fewer of them. */
function shrinking(at: (share: number) => Method): Check {
  const methods = [1, ...BUDGETS].map(at)
  return {
    name: 'FLOPs of decoding that a budget adds to the next larger',
    unit: 'FLOP',
    otherwise: 'a smaller budget does not make decoding cheaper: caches hold rows that were dropped',
    measure: async (model, question) => {
      const flops: number[] = []
      for (const method of methods) flops.push((await lookUnder(model, method, question)).reply.flops.decode)
      return Math.max(...flops.slice(1).map((own, index) => (own < flops[index] ? 0 : Math.max(1, own - flops[index]))))
    },
  }
}

/** Tokens in the last layer above the share that may stay, or above those that came out of the vision side. */
function beyond({ tokens: { visual } }: Reply, share: number): number {
  const { before, after, last } = visual
  return Math.max(0, last - Math.min(after, Math.round(share * before)))
}
