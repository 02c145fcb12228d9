import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fovea, startFovea } from '../fovea.ts'
import { TINY_PATCHES, writeSquare, writeTinyModel } from '../tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'fovea-ask-'))
const model = join(folder, 'model')
let image: string
beforeAll(async () => {
  await writeTinyModel(model)
  image = await writeSquare(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ask = (...args: string[]) => fovea('ask', ...args, '--model', model, '--max-tokens', '4')

describe('fovea ask', () => {
  it('prints the answer, then how many visual tokens it used', async () => {
    const { status, stdout, stderr } = await ask(image, 'what is this?')
    expect(status).toBe(0)
    expect(stderr).toBe('')
    expect(stdout).toMatch(/\n16 visual tokens\n$/)
    const quiet = await ask(image, 'what is this?', '--quiet', '--stats')
    expect(`${quiet.stdout}16 visual tokens\n`).toBe(stdout)
    expect(quiet.stderr).toMatch(/^16 visual tokens · \d+ ms \(vision \d+, prefill \d+, decode \d+\) · [\d.]+ MFLOP\n$/)
  })

  it('reports tokens, FLOPs, times and memory as JSON, with fewer of them under a method', async () => {
    const [whole, half] = await Promise.all([
      ask(image, 'what is this?', '--json'),
      ask(image, 'what is this?', '--json', '--method', 'resize:keep=.25'),
    ])
    const [a, b] = [JSON.parse(whole.stdout), JSON.parse(half.stdout)]
    expect(a).toMatchObject({ method: 'dense', tokens: { visual: { before: TINY_PATCHES, after: TINY_PATCHES } } })
    expect(b).toMatchObject({ method: 'resize:keep=0.25', tokens: { visual: { before: TINY_PATCHES, after: 4 } } })
    expect(b.flops.prefill).toBeLessThan(a.flops.prefill)
    expect(a.ms.total).toBeGreaterThan(a.ms.vision)
    expect(a.peakMemoryBytes).toBeGreaterThan(10e6)
    expect(typeof a.answer).toBe('string')
  })

  it('takes several images and standard input', async () => {
    const args = ['ask', image, '-', 'same?', '--model', model, '--max-tokens', '2']
    const { status, stdout } = await startFovea(args, readFileSync(image)).ended
    expect(status).toBe(0)
    expect(stdout).toMatch(/\n32 visual tokens\n$/)
  })

  it('compares methods side by side', async () => {
    const { status, stdout } = await ask(image, 'what?', '--compare', 'dense', 'resize:keep=.25')
    expect(status).toBe(0)
    const [header, first, second] = stdout.split('\n')
    expect(header).toMatch(/^method +visual tokens +FLOPs/)
    expect(first).toMatch(/^dense +16 -> 16 /)
    expect(second).toMatch(/^resize:keep=0.25 +16 -> 4 /)
  })

  it('draws the kept patches over the image', async () => {
    const out = join(folder, 'overlay.png')
    const { status } = await ask(image, 'what?', '--method', 'random:keep=.5', '--overlay', out)
    expect(status).toBe(0)
    expect((await sharp(out).metadata()).width).toBe(512)
  })
})

describe('fovea chat', () => {
  it('ends with its input', async () => {
    const { status, stdout } = await startFovea(['chat', image, '--model', model], '').ended
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  })

  it('answers piped questions and reuses the cache', async () => {
    const args = ['chat', image, '--model', model, '--max-tokens', '3', '--stats']
    const { status, stdout, stderr } = await startFovea(args, 'what is this?\n\nand its color?\n').ended
    expect(status).toBe(0)
    expect(stdout.split('\n')).toHaveLength(3)
    const [first, second] = stderr.split('\n')
    expect(first).toContain('16 visual tokens, 0 cached')
    expect(Number(/(\d+) cached/.exec(second)![1])).toBeGreaterThan(3)
    expect(second).toContain('vision 0,')
  })
})
