/** A process or a thread that ends while the engine computes ends with its own code, and soon. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const programOf = (name: string) => fileURLToPath(new URL(`./programs/${name}`, import.meta.url))

interface End {
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
}

function run(name: string, args: readonly string[] = [], onOut?: (child: ChildProcess) => void): Promise<End> {
  const child = spawn(process.execPath, ['--import', 'tsx', programOf(name), ...args])
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    text.out += chunk
    onOut?.(child)
  })
  child.stderr.on('data', (chunk) => {
    text.err += chunk
  })
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, ...text })))
}

test.each([
  ['main', 'exit', 7, '', /^$/],
  ['main', 'throw', 1, '', /a fault of the program/],
  ['worker', 'exit', 0, 'the worker ended with 7\n', /^$/],
  ['worker', 'throw', 0, 'caught: a fault of the program\nthe worker ended with 1\n', /^$/],
  ['worker', 'terminate', 0, 'the worker ended with 1\n', /^$/],
  ['worker', 'main exits', 7, '', /^$/],
  ['worker', 'main throws', 1, '', /a fault of the program/],
])('%s: %s', async (where, how, code, out, err) => {
  const end = await run('end-in-run.ts', [where, how])
  expect(end).toMatchObject({ code, signal: null, out })
  expect(end.err).toMatch(err)
})

test.each([1, 2])('%d Ctrl-C in a long run: exit code 130, soon', async (times) => {
  let told = 0
  const interrupt = (child: ChildProcess) => {
    told = performance.now()
    child.kill('SIGINT')
    if (times === 2) setTimeout(() => child.kill('SIGINT'), 100)
  }
  const end = await run('interrupted.ts', [], interrupt)
  expect(end).toMatchObject({ code: 130, signal: null, err: '' })
  expect(performance.now() - told).toBeLessThan(4000)
})
