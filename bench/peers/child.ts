import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'

const MINUTES = 10

export interface Child {
  /** A script with its arguments; what it prints last is one line of JSON. */
  readonly script: readonly string[]
  /** Node with the flags of this process, unless named. */
  readonly command?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly minutes?: number
}

/** Every engine is measured in a process of its own: its memory is its own, and its end ends nothing else. */
export async function runChild<T>({ script, command, env, minutes = MINUTES }: Child): Promise<T> {
  const [file, ...flags] = command ?? [process.execPath, ...process.execArgv]
  const options = { maxBuffer: 2 ** 26, timeout: minutes * 60_000, env: { ...process.env, ...env } }
  try {
    const { stdout } = await promisify(execFile)(file, [...flags, ...script], options)
    return JSON.parse(stdout.trim().split('\n').at(-1)!)
  } catch (error) {
    throw new Error(whyItEnded(error as Ended, minutes), { cause: error })
  }
}

interface Ended extends Error {
  readonly killed?: boolean
  readonly signal?: string
  readonly code?: number | string
  readonly stderr?: string
}

/** The line of its messages that names an error, else how the process ended. */
function whyItEnded({ killed, signal, code, stderr = '', message }: Ended, minutes: number): string {
  if (killed) return `took more than ${minutes} minutes`
  const lines = stderr.split('\n').map((line) => line.trim())
  const named = lines.findLast((line) => /^(\w*Error|\w+Exception)\b.*:/.test(line))
  if (named) return named.replace(/^Error: /, '').slice(0, 300)
  return signal ? `ended by ${signal}` : typeof code === 'number' ? `ended with ${code}` : message
}

/** Drops a file from the page cache, so that the next load reads it from disk. Where `dd` cannot, it stays. */
export async function dropFromPageCache(path: string): Promise<void> {
  if (!(await stat(path).catch(() => undefined))) return
  await promisify(execFile)('dd', [`if=${path}`, 'iflag=nocache', 'count=0']).catch(() => undefined)
}
