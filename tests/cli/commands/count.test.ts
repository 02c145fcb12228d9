import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fovea } from '../fovea.ts'
import { writeSquare } from '../tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'fovea-count-'))
let image: string
beforeAll(async () => {
  image = await writeSquare(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('fovea count', () => {
  it('says what a question takes, and what room is left', async () => {
    const { status, stdout, stderr } = await fovea('count', image, 'is there a star?')
    expect([status, stderr]).toEqual([0, ''])
    const [, text, positions, room] = stdout.match(
      /^(\d+) tokens of text, 144 visual: (\d+) of 2048 positions, room for an answer of (\d+) tokens\n$/,
    )!
    expect(Number(positions)).toBe(Number(text) + 144)
    expect(Number(room)).toBe(2048 - Number(positions) + 1)
  })

  it('counts under a method, as JSON, and without any picture', async () => {
    const { stdout } = await fovea('count', image, 'is there a star?', '--json', '--method', 'visionzip:keep=.25')
    expect(JSON.parse(stdout)).toMatchObject({ visual: 36, limit: 2048, method: expect.stringContaining('visionzip') })
    const alone = await fovea('count', 'is there a star?', '--json')
    expect(JSON.parse(alone.stdout).visual).toBe(0)
  })

  it('counts what is too long, which ask refuses at once with the same numbers', async () => {
    const long = 'red '.repeat(3000)
    const { text, positions } = JSON.parse((await fovea('count', image, long, '--json')).stdout)
    expect((await fovea('count', image, long)).stdout).toMatch(/no room for an answer\n$/)
    const { status, stderr } = await fovea('ask', image, long)
    expect(status).toBe(3)
    expect(stderr).toBe(
      `fovea: the model has 2048 positions, the conversation takes ${positions} (${text} tokens of text, 144 visual), ` +
        'which leaves no room for an answer; ask less at once, give fewer or smaller images or frames or keep fewer ' +
        'visual tokens by a method\n',
    )
  })
})
