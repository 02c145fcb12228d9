import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFovea } from '../fovea.ts'
import { writeSquare } from '../tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'fovea-chat-'))
let image: string
beforeAll(async () => {
  image = await writeSquare(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const chat = (questions: readonly string[], ...flags: string[]) =>
  startFovea(['chat', image, '--max-tokens', '4', ...flags], Buffer.from(`${questions.join('\n')}\n`)).ended

describe('fovea chat that has grown too long', () => {
  const questions = new Array(4).fill('red '.repeat(600))

  it('is refused, and says what would help', async () => {
    const { status, stderr } = await chat(questions)
    expect(status).toBe(3)
    expect(stderr).toMatch(/the model has 2048 positions, .* or let the oldest turns be dropped\n$/)
  })

  it('forgets its oldest questions where that was asked for, and says so', async () => {
    const { status, stdout, stderr } = await chat(questions, '--drop-oldest')
    expect(status).toBe(0)
    expect(stdout.split('\n').length).toBeGreaterThan(4)
    expect(stderr).toContain('the oldest question was forgotten to make room')
  })
})
