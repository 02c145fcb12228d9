import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fovea } from '../fovea.ts'
import { TINY_PATCHES, writeSquare, writeTinyModel } from '../tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'fovea-watch-'))
const [model, frames] = [join(folder, 'model'), join(folder, 'frames')]
beforeAll(async () => {
  await writeTinyModel(model)
  mkdirSync(frames)
  for (const at of [1, 2, 3, 4]) await writeSquare(frames, `${at}.png`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const watch = (...args: string[]) => fovea('watch', ...args, '--model', model, '--max-tokens', '4')

describe('fovea watch', () => {
  it('answers at the end, with the time', async () => {
    const { status, stdout } = await watch(frames, 'what is this?')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^3\.0 s {2}.*\n$/)
  })

  it('tells of every frame and answer as JSON, and asks every so often', async () => {
    const { status, stdout } = await watch(
      frames,
      'what is this?',
      '--json',
      '--every',
      '2',
      '--method',
      'stc:tokens=6+rekv:frames=1',
    )
    expect(status).toBe(0)
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.map((event) => ('answer' in event ? 'answer' : event.frame))).toEqual([
      0,
      1,
      'answer',
      2,
      3,
      'answer',
    ])
    expect(events[1].flops.vision).toBeLessThan(events[0].flops.vision)
    expect(events.at(-1).tokens.visual).toEqual({ before: 4 * TINY_PATCHES, after: 16, last: 4 })
  })

  it('refuses an empty question', async () => {
    const { status, stderr } = await watch(frames, ' ')
    expect(status).toBe(2)
    expect(stderr).toContain('give a video, then the question')
  })
})
