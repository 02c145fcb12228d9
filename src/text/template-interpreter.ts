/** @huggingface/jinja with a budget: templates come with model files, and a short one can ask for endless work. */
import { Environment, Interpreter } from '@huggingface/jinja'

export interface TemplateBudget {
  /** Of computing: a machine that is busy with something else takes none of it. */
  milliseconds: number
  /** Nodes of the template that may be evaluated. */
  steps: number
  /** Longest text, and longest list times 100, that any step may produce. */
  characters: number
}

/** Thrown when a budget is used up; its message completes "the chat template ...". */
export class BudgetError extends Error {}

const STEPS_BETWEEN_CLOCK_READS = 32
const MAX_RANGE = 10_000

/** Milliseconds that the process has computed, on all threads; of a browser, time. */
function processorTime(): number {
  if (!globalThis.process?.cpuUsage) return performance.now()
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/**
 * Milliseconds since now: the lesser of time, which runs on while other processes compute, and processor time, which other
 * threads add to.
 */
function stopwatch(): () => number {
  const [time, processor] = [performance.now(), processorTime()]
  return () => Math.min(performance.now() - time, processorTime() - processor)
}

/** Checks the budget at every node of the template. */
export class BudgetInterpreter extends Interpreter {
  private steps = 0
  /** Begun at the first look at it: most templates end before, and the system's clock of processor time is slow. */
  private elapsed: (() => number) | undefined

  constructor(
    environment: Environment,
    private readonly budget: TemplateBudget,
  ) {
    super(environment)
  }

  private lookAtClock(): void {
    this.elapsed ??= stopwatch()
    if (this.elapsed() <= this.budget.milliseconds) return
    throw new BudgetError(`needs more than ${this.budget.milliseconds} ms`)
  }

  override evaluate(...args: Parameters<Interpreter['evaluate']>): ReturnType<Interpreter['evaluate']> {
    this.steps++
    if (this.steps > this.budget.steps) throw new BudgetError(`needs more than ${this.budget.steps} steps`)
    if (this.steps % STEPS_BETWEEN_CLOCK_READS === 0) this.lookAtClock()
    const result = super.evaluate(...args)
    const { value } = result
    const size = typeof value === 'string' ? value.length : Array.isArray(value) ? value.length * 100 : 0
    if (size > this.budget.characters)
      throw new BudgetError(`builds a text longer than ${this.budget.characters} characters`)
    return result
  }
}

/** Python's range, for lists of at most 10 000 numbers. */
function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop]
  const length = Math.max(0, Math.ceil((to - from) / step))
  if (!(length <= MAX_RANGE)) throw new BudgetError(`asks for a range of more than ${MAX_RANGE} numbers`)
  return Array.from({ length }, (_, i) => from + i * step)
}

function part(date: Date, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat('en-US', options).format(date)
}

/** The fields of strftime that published templates use. */
function formatTime(format: string): string {
  const now = new Date()
  const two = (value: number) => String(value).padStart(2, '0')
  const fields: Record<string, () => string> = {
    Y: () => String(now.getFullYear()),
    m: () => two(now.getMonth() + 1),
    d: () => two(now.getDate()),
    H: () => two(now.getHours()),
    M: () => two(now.getMinutes()),
    b: () => part(now, { month: 'short' }),
    B: () => part(now, { month: 'long' }),
    '%': () => '%',
  }
  return format.replace(/%([YmdHMbB%])/g, (_, field: string) => fields[field]())
}

/** An error that the template itself raised, with its own words. */
export class RaisedError extends Error {}

/** Functions and constants of every template. */
const GLOBALS = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range,
  strftime_now: formatTime,
  raise_exception: (message: unknown) => {
    throw new RaisedError(String(message))
  },
}

/** Names that variables of a caller may not take. */
export const RESERVED_NAMES: readonly string[] = [...Object.keys(GLOBALS), 'namespace']

/** An environment that holds the globals and `variables`; nothing of the host is reachable from it. */
export function templateEnvironment(variables: Record<string, unknown>): Environment {
  const environment = new Environment()
  for (const [name, value] of Object.entries({ ...GLOBALS, ...variables })) environment.set(name, value)
  return environment
}
