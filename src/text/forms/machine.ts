/** Which texts of a form can still be reached: all ways through it at once, so that no text takes long to read. */
import { FoveaError } from '../../errors.ts'
import type { Form } from './form.ts'

/** A form that is to be read, and what after it. */
interface Cell {
  readonly id: number
  readonly form: Form
  readonly rest: Cell | undefined
}

/** Where a text has led. */
export interface State {
  /** Equal for equal states of one machine. */
  readonly id: number
  /** Each begins with characters. */
  readonly cells: readonly Cell[]
  /** Whether the text is one of the form. */
  readonly isWhole: boolean
  /** By code point. */
  readonly next: Map<number, State>
}

/** Ways through a form at the same time, and cells that one character may lead through. */
const [MOST_WAYS, MOST_CELLS] = [4096, 65_536]
/** States that are remembered. */
const MOST_STATES = 100_000

const tooComplex = (): FoveaError =>
  new FoveaError(
    'form_too_complex',
    'input',
    'the form of the answer has too many ways to be followed; make it simpler',
  )

export class Machine {
  private cells = new Map<string, Cell>()
  private states = new Map<string, State>()
  private readonly formIds = new Map<Form, number>()
  private readonly made = new Map<Form, Form>()
  private readonly fewer = new Map<string, Form>()
  private ids = 0

  constructor(private readonly form: Form) {}

  /** Before the first character. Throws FoveaError `form_too_complex`, `form_empty`, kind `input`. */
  start(): State {
    const state = this.stateOf([this.cell(this.form, undefined)])
    if (state.cells.length > 0 || state.isWhole) return state
    throw new FoveaError('form_empty', 'input', 'no text has the form that the answer is to have')
  }

  /** After one more character; a state without cells that is not whole where the form does not allow it. */
  step(state: State, codePoint: number): State {
    const known = state.next.get(codePoint)
    if (known) return known
    const after = state.cells.filter(({ form }) => holds(form, codePoint)).map(({ rest }) => rest)
    const found = this.stateOf(after)
    state.next.set(codePoint, found)
    return found
  }

  private stateOf(from: readonly (Cell | undefined)[]): State {
    const { found, isWhole } = this.open(from)
    const cells = [...found].sort((a, b) => a.id - b.id)
    if (cells.length > MOST_WAYS) throw tooComplex()
    const key = `${isWhole}:${cells.map(({ id }) => id).join()}`
    const known = this.states.get(key)
    if (known) return known
    if (this.states.size >= MOST_STATES) this.states = new Map()
    const state = { id: this.ids++, cells, isWhole, next: new Map<number, State>() }
    this.states.set(key, state)
    return state
  }

  /** Goes into forms until each way begins with a character. */
  private open(from: readonly (Cell | undefined)[]): { found: Set<Cell>; isWhole: boolean } {
    const found = new Set<Cell>()
    const seen = new Set<Cell>()
    const waiting = [...from]
    let isWhole = false
    while (waiting.length > 0) {
      const cell = waiting.pop()
      if (!cell) isWhole = true
      else if (!seen.has(cell)) {
        seen.add(cell)
        if (seen.size > MOST_CELLS) throw tooComplex()
        if (cell.form.kind === 'chars') found.add(cell)
        else waiting.push(...this.inside(cell))
      }
    }
    return { found, isWhole }
  }

  private inside({ form, rest }: Cell): (Cell | undefined)[] {
    if (form.kind === 'sequence') return [form.parts.reduceRight((after, part) => this.cell(part, after), rest)]
    if (form.kind === 'choice') return form.options.map((option) => this.cell(option, rest))
    if (form.kind === 'later') return [this.cell(this.makeOnce(form), rest)]
    if (form.kind !== 'repeat' || form.most === 0) return [rest]
    const again = this.cell(form.part, this.cell(this.oneFewer(form), rest))
    return form.least > 0 ? [again] : [again, rest]
  }

  private oneFewer(form: Extract<Form, { kind: 'repeat' }>): Form {
    const [least, most] = [Math.max(0, form.least - 1), form.most - 1]
    if (least === form.least && most === form.most) return form
    const key = `${this.idOf(form.part)}:${least}:${most}`
    const known = this.fewer.get(key) ?? { ...form, least, most }
    this.fewer.set(key, known)
    return known
  }

  private makeOnce(form: Extract<Form, { kind: 'later' }>): Form {
    const made = this.made.get(form) ?? form.make()
    this.made.set(form, made)
    return made
  }

  private cell(form: Form, rest: Cell | undefined): Cell {
    const key = `${this.idOf(form)}:${rest?.id ?? ''}`
    const known = this.cells.get(key)
    if (known) return known
    const cell = { id: this.ids++, form, rest }
    this.cells.set(key, cell)
    return cell
  }

  private idOf(form: Form): number {
    const known = this.formIds.get(form) ?? this.ids++
    this.formIds.set(form, known)
    return known
  }
}

const holds = (form: Form, codePoint: number): boolean =>
  form.kind === 'chars' && form.ranges.some(([low, high]) => codePoint >= low && codePoint <= high)
