import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readResults, writePart } from '../../../src/papers/reports/results.ts'
import { claim, resultsOf } from './rows.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fovea-results-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const partOf = (part: 'checks' | 'effect', value: number) =>
  resultsOf('fastv', [claim(part, { value, interval: [1, 20], count: 3 })]).parts[part]!

describe('stored results', () => {
  it('are read as they were written, part by part, in the order of parts', async () => {
    const path = await writePart(folder, 'fastv', 'effect', partOf('effect', 4))
    await writePart(folder, 'fastv', 'checks', partOf('checks', 0))
    await writePart(folder, 'fastv', 'effect', partOf('effect', 5))
    const found = await readResults('fastv', [folder])
    expect(Object.keys(found!.parts)).toEqual(['checks', 'effect'])
    expect(found).toEqual({ id: 'fastv', parts: { checks: partOf('checks', 0), effect: partOf('effect', 5) } })
    expect(readFileSync(path, 'utf8').endsWith('}\n')).toBe(true)
    expect(readdirSync(folder)).toEqual(['fastv.json']) // no temporary file is left
  })

  it('are taken from the first folder that has some', async () => {
    await writePart(join(folder, 'later'), 'fastv', 'checks', partOf('checks', 1))
    expect(await readResults('fastv', [join(folder, 'none'), join(folder, 'later')])).toMatchObject({ id: 'fastv' })
    expect(await readResults('fastv', [join(folder, 'none')])).toBeUndefined()
  })

  it.each([
    ['{', 'it is not JSON'],
    ['{"id": "fastv"}', 'parts:'],
    ['{"id": "random", "parts": {}}', 'these are results of "random"'],
    ['{"id": "fastv", "parts": {"checks": {"rows": []}}}', 'parts.checks'],
  ])('are refused where they are none: %s', async (text, problem) => {
    writeFileSync(join(folder, 'fastv.json'), text)
    const error = await readResults('fastv', [folder]).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'results_invalid', kind: 'input' })
    expect(error.message).toContain(problem)
    expect(error.message).toContain('run fovea reproduce fastv')
  })

  it('that cannot be read are not written over', async () => {
    writeFileSync(join(folder, 'fastv.json'), '{')
    await expect(writePart(folder, 'fastv', 'checks', partOf('checks', 0))).rejects.toThrow('it is not JSON')
    expect(readFileSync(join(folder, 'fastv.json'), 'utf8')).toBe('{')
  })
})
