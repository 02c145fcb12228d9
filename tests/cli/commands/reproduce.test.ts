import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fovea, startFovea, temporaryFolder } from '../fovea.ts'
import { writeTinyModel } from '../tiny-model.ts'

/** Of tests that ask some hundred questions, on a machine that is busy with others. */
const PATIENCE = 240_000

const notebookOf = (runs: string): string => join(runs, readdirSync(runs)[0], 'notebook.jsonl')

/** Keys of the whole lines of a notebook. */
const keysOf = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).key)

describe('fovea reproduce', () => {
  it('prints rows as they come, as text and as JSON lines, and writes a report', async () => {
    const folder = temporaryFolder()
    const model = await writeTinyModel(join(folder, 'model'))
    const shared = [
      'reproduce',
      'keep-all',
      '--model',
      model,
      '--only',
      'checks',
      '--quick',
      '--runs',
      join(folder, 'r'),
    ]
    const report = join(folder, 'reports', 'keep-all.html')
    const text = await fovea(...shared, '--out', report)
    expect(text.status).toBe(0)
    expect(text.stdout).toMatch(/^checks\n {2}logits that are no numbers +0 {2}holds\n/)
    expect(text.stdout).toMatch(/\nkeep-all: green\n$/)
    expect(text.stderr).toContain('without --quick the results are written')
    expect(readFileSync(report, 'utf8')).toContain('<td>change of logits by keeping everything</td>')
    const json = await fovea(...shared, '--json')
    const lines = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines[0]).toMatchObject({ part: 'checks', value: 0, holds: true })
    expect(lines.at(-1)).toEqual({ id: 'keep-all', finished: true, state: 'green', reasons: [], stale: [] })
  })

  it('killed or interrupted in the middle goes on, and ends in the rows of an unbroken run', {
    timeout: PATIENCE,
  }, async () => {
    const folder = temporaryFolder()
    const model = await writeTinyModel(join(folder, 'model'))
    const args = (name: string) => {
      const places = ['--runs', join(folder, name, 'runs'), '--results', join(folder, name, 'results')]
      return [
        'reproduce',
        'keep-all',
        '--threads',
        '1',
        '--model',
        model,
        '--only',
        'effect',
        '--n',
        '1',
        '--json',
        ...places,
      ]
    }
    const stopAfter = async (signal: 'SIGKILL' | 'SIGINT', pattern: RegExp) => {
      const { child, ended } = startFovea(args('broken'))
      let said = ''
      child.stderr!.on('data', (text) => {
        said += text
        if (pattern.test(said)) child.kill(signal)
      })
      return ended
    }
    const killed = await stopAfter('SIGKILL', /effect +5\//)
    expect(killed.status).toBeNull()
    const notebook = notebookOf(join(folder, 'broken', 'runs'))
    const known = keysOf(notebook)
    expect(known.length).toBeGreaterThan(3)
    appendFileSync(notebook, '{"key":"dense exist 0","val') // a line that was cut off
    const interrupted = await stopAfter('SIGINT', /effect +30\//)
    expect(interrupted.status).toBe(130)
    expect(interrupted.stderr).toContain('the same command goes on from here: fovea reproduce keep-all')
    expect(existsSync(join(folder, 'broken', 'results'))).toBe(false)
    const [resumed, unbroken] = [await fovea(...args('broken')), await fovea(...args('whole'))]
    expect(resumed.status).toBe(0)
    expect(resumed.stdout).toBe(unbroken.stdout)
    const answers = keysOf(notebook).filter((key) => !key.includes('rows of'))
    expect(answers.slice(0, known.length)).toEqual(known)
    expect(new Set(answers).size).toBe(answers.length) // nothing was asked twice
  })

  it('refuses what cannot be reproduced, each in one line', async () => {
    const refusals = await Promise.all([
      fovea('reproduce', 'fastvv'),
      fovea('reproduce', 'eve'),
      fovea('reproduce', 'fastv', '--only', 'efect'),
      fovea('reproduce', 'fastv', '--n', '0'),
      fovea('reproduce', 'fastv', '--model', '/no/such/model'),
      fovea('reproduce'),
    ])
    expect(refusals.map(({ status }) => status)).toEqual([2, 2, 2, 2, 3, 2])
    const words = [
      'did you mean fastv',
      'neither a method nor a run',
      'did you mean effect?',
      'a whole number',
      'no such',
      'id',
    ]
    for (const [at, { stderr, stdout }] of refusals.entries()) {
      expect(stdout).toBe('')
      expect(stderr.trimEnd().split('\n')).toHaveLength(1)
      expect(stderr).toContain(words[at])
    }
  })

  it('shows its examples', async () => {
    expect((await fovea('reproduce', '--help')).stdout).toContain('fovea reproduce fastv --only checks --only effect')
  })
})
