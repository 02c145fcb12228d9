/** Time limits in Node: V8 ends a script that runs for too long, and all that it called. */
import { Script } from 'node:vm'
import { type TimeLimit, TimeLimitError } from './time-limit.ts'

const SLOT = '__foveaWork'
const script = new Script(`globalThis.${SLOT}()`)

/** How much longer than its computing work may take in all. */
const MOST_WAITING = 16

/** Milliseconds that this thread has computed, or where that cannot be told the whole process. */
function processorTime(): number {
  const { threadCpuUsage } = process as { threadCpuUsage?: typeof process.cpuUsage }
  const { user, system } = threadCpuUsage ? threadCpuUsage.call(process) : process.cpuUsage()
  return (user + system) / 1000
}

/** Work that was cut off without having had its time is done again, from its beginning, with more. */
export const timeLimit: TimeLimit = (milliseconds, work) => {
  for (let time = milliseconds; ; time *= 4) {
    const before = processorTime()
    try {
      return runFor(time, work)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
      if (processorTime() - before < 0.8 * milliseconds && time < MOST_WAITING * milliseconds) continue
      throw new TimeLimitError(`more than ${milliseconds} ms`)
    }
  }
}

/** Limits within limits: the outer work is set back once the inner one has ended. */
function runFor<T>(milliseconds: number, work: () => T): T {
  const slots = globalThis as unknown as Record<string, unknown>
  const outer = slots[SLOT]
  slots[SLOT] = work
  try {
    return script.runInThisContext({ timeout: Math.ceil(milliseconds) })
  } finally {
    slots[SLOT] = outer
  }
}
