/** Which tokens keep an answer to a form. */
import { FoveaError } from '../../errors.ts'
import type { Allowed } from '../grammar.ts'
import type { Tokenizer } from '../tokenizer.ts'
import type { Form } from './form.ts'
import { Machine, type State } from './machine.ts'

interface Branch {
  readonly next: Map<number, Branch>
  readonly ids: number[]
}

/** The texts of a vocabulary as a tree of code points. */
export interface TokenTexts {
  readonly tree: Branch
  readonly size: number
  textOf(id: number): string | undefined
}

/**
 * What each token adds to a text. Special tokens, and those that are no whole characters, add none: an answer that keeps
 * to a form is written without them.
 */
export function tokenTexts(tokenizer: Tokenizer): TokenTexts {
  const before = tokenizer.encode('a').slice(-1)
  const start = tokenizer.decode(before).length
  const tree: Branch = { next: new Map(), ids: [] }
  const texts = new Map<number, string>()
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    if (tokenizer.idToToken(id) === undefined || tokenizer.decode([id], { skipSpecial: true }) === '') continue
    const text = tokenizer.decode([...before, id]).slice(start)
    if (text === '' || text.includes('\ufffd')) continue
    texts.set(id, text)
    let at = tree
    for (const char of text) at = branchOf(at, char.codePointAt(0)!)
    at.ids.push(id)
  }
  return { tree, size: tokenizer.vocabSize, textOf: (id) => texts.get(id) }
}

function branchOf({ next }: Branch, point: number): Branch {
  const known = next.get(point) ?? { next: new Map(), ids: [] }
  next.set(point, known)
  return known
}

/** States whose tokens are remembered. */
const MOST_MASKS = 512

/** What may follow in answers of one form; it serves any number of them. */
export class TokenForm {
  private readonly machine: Machine
  private readonly masks = new Map<number, Uint8Array>()

  constructor(
    form: Form,
    private readonly texts: TokenTexts,
    private readonly eosIds: readonly number[],
  ) {
    this.machine = new Machine(form)
    this.machine.start()
  }

  /** For one answer: `allowed` of `AskOptions`. It throws FoveaError `form_unreachable`, `form_too_complex`, kind `input`. */
  answer(): (said: readonly number[]) => Allowed {
    const states = [this.machine.start()]
    return (said) => {
      for (let at = states.length - 1; at < said.length; at++) states.push(this.after(states[at], said[at]))
      return this.allowed(states[said.length])
    }
  }

  private allowed(state: State): Allowed {
    if (state.isWhole && state.cells.length === 0) return 'end'
    const mask = this.maskOf(state)
    if (!state.isWhole && !mask.includes(1)) throw unreachable()
    return (id) => mask[id] === 1 || (state.isWhole && this.eosIds.includes(id))
  }

  private after(state: State, id: number): State {
    let at = state
    for (const char of this.texts.textOf(id) ?? '') at = this.machine.step(at, char.codePointAt(0)!)
    return at
  }

  private maskOf(state: State): Uint8Array {
    const known = this.masks.get(state.id)
    if (known) return known
    if (this.masks.size >= MOST_MASKS) this.masks.clear()
    const mask = new Uint8Array(this.texts.size)
    this.mark(this.texts.tree, state, mask)
    this.masks.set(state.id, mask)
    return mask
  }

  private mark({ next }: Branch, state: State, mask: Uint8Array): void {
    for (const [point, branch] of next) {
      const found = this.machine.step(state, point)
      if (found.cells.length === 0 && !found.isWhole) continue
      for (const id of branch.ids) mask[id] = 1
      if (found.cells.length > 0) this.mark(branch, found, mask)
    }
  }
}

const unreachable = (): FoveaError =>
  new FoveaError(
    'form_unreachable',
    'input',
    'no token of the model continues the answer in the form that it is to have',
  )
