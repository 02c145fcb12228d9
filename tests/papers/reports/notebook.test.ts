import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openNotebook } from '../../../src/papers/reports/notebook.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fovea-notebook-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a notebook', () => {
  it('knows what was put into it, also when opened again, and forgets on demand', async () => {
    const first = await openNotebook(folder)
    await first.put('a', [1, 'ä'])
    await first.put('b', { c: null })
    await first.put('a', undefined)
    await first.close()
    const again = await openNotebook(folder)
    expect([again.get('a'), again.get('b'), again.get('c')]).toEqual([undefined, { c: null }, undefined])
    await again.close()
  })

  it('leaves out a line that was cut off, and writes the next one in its place', async () => {
    const first = await openNotebook(folder)
    await first.put('a', 'ä')
    await first.close()
    appendFileSync(join(folder, 'notebook.jsonl'), '{"key":"b","va')
    const again = await openNotebook(folder)
    expect(again.get('b')).toBeUndefined()
    await again.put('c', 3)
    await again.close()
    const lines = readFileSync(join(folder, 'notebook.jsonl'), 'utf8')
    expect(lines).toBe('{"key":"a","value":"ä"}\n{"key":"c","value":3}\n')
  })

  it('is of one process at a time', async () => {
    writeFileSync(join(folder, 'trainer.lock'), JSON.stringify({ pid: process.ppid, host: hostname(), id: 'other' }))
    await expect(openNotebook(folder)).rejects.toMatchObject({ code: 'training_locked', kind: 'resource' })
    await expect(openNotebook(folder)).rejects.toThrow('another run writes there')
  })

  it('refuses lines that are not its own', async () => {
    writeFileSync(join(folder, 'notebook.jsonl'), '{"key":"a","value":1}\nnonsense\n')
    await expect(openNotebook(folder)).rejects.toMatchObject({ code: 'notebook_invalid', kind: 'input' })
  })
})
