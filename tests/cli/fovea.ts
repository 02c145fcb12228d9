import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface Ended {
  status: number | null
  stdout: string
  stderr: string
}

export interface Started {
  child: ReturnType<typeof spawn>
  ended: Promise<Ended>
}

/** Starts `fovea ...args` from the sources as a process of its own. */
export function startFovea(args: readonly string[], input?: string | Uint8Array): Started {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args])
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
    })
  }
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const ended = new Promise<Ended>((resolve) => child.on('close', (status) => resolve({ status, ...text })))
  return { child, ended }
}

/** Runs `fovea ...args` to its end. */
export const fovea = (...args: string[]): Promise<Ended> => startFovea(args).ended

/** A folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fovea-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
