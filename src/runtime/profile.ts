import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Time that a session spent in one type of ONNX node, over all runs. */
export interface OpTime {
  readonly type: string
  readonly calls: number
  readonly milliseconds: number
}

interface TraceEvent {
  readonly cat?: string
  readonly name: string
  /** Microseconds. */
  readonly dur?: number
  readonly args?: { readonly op_name?: string }
}

/** Times by op type from a profile that a session wrote, the largest first. */
export function summariseProfile(path: string): OpTime[] {
  const byType = new Map<string, { calls: number; microseconds: number }>()
  for (const event of readEvents(path)) {
    const type = event.args?.op_name
    if (event.cat !== 'Node' || !type || !event.name.endsWith('_kernel_time')) continue
    const entry = byType.get(type) ?? { calls: 0, microseconds: 0 }
    byType.set(type, { calls: entry.calls + 1, microseconds: entry.microseconds + (event.dur ?? 0) })
  }
  return [...byType]
    .map(([type, { calls, microseconds }]) => ({ type, calls, milliseconds: microseconds / 1000 }))
    .sort((a, b) => b.milliseconds - a.milliseconds)
}

function readEvents(path: string): TraceEvent[] {
  try {
    const events: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (Array.isArray(events)) return events as TraceEvent[]
  } catch (cause) {
    throw new Error(`${path} is not a profile of ONNX Runtime`, { cause })
  }
  throw new Error(`${path} is not a profile of ONNX Runtime: it holds no list of events`)
}

/** The newest profile that a session with the option `profile: prefix` has written (the engine adds date and time). */
export function findProfile(prefix: string): string {
  const names = readdirSync(dirname(prefix)).filter(
    (name) => name.startsWith(basename(prefix)) && name.endsWith('.json'),
  )
  const newest = names.sort().at(-1)
  if (!newest) throw new Error(`no profile begins with ${prefix}; it is written when the session is released`)
  return join(dirname(prefix), newest)
}
