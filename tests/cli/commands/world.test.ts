import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fovea, temporaryFolder } from '../fovea.ts'

describe('fovea world', () => {
  it('writes the same images and answers for the same seed', async () => {
    const [a, b] = [join(temporaryFolder(), 'a'), join(temporaryFolder(), 'b')]
    const args = ['world', '--task', 'count', '--split', 'test', '--seed', '7', '--n', '2']
    const { status, stdout } = await fovea(...args, '--out', a, '--json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ images: 2, task: 'count', seed: 7 })
    await fovea(...args, '--out', b)
    expect(readdirSync(a)).toEqual(['000000.png', '000001.png', 'data.jsonl'])
    for (const file of readdirSync(a)) expect(readFileSync(join(a, file))).toEqual(readFileSync(join(b, file)))
  })

  it('writes pictures of things with masks, in Spanish, by the vendor that is kept for tests', async () => {
    const out = join(temporaryFolder(), 'cosas')
    const args = ['--task', 'thing-count', '--language', 'es', '--vendor', 'fxemoji', '--n', '1', '--out', out]
    expect((await fovea('world', ...args)).status).toBe(0)
    expect(readdirSync(out)).toEqual(['000000.mask.png', '000000.png', 'data.jsonl'])
    const record = JSON.parse(readFileSync(join(out, 'data.jsonl'), 'utf8'))
    expect(record).toMatchObject({
      image: '000000.png',
      masks: ['000000.mask.png'],
      language: 'es',
      task: 'thing-count',
    })
  })

  it('refuses a language that it does not speak, and to train on the vendor that is kept', async () => {
    const args = ['world', '--task', 'things', '--out', join(temporaryFolder(), 'out')]
    const spoken = await fovea(...args, '--language', 'fr')
    expect(spoken).toMatchObject({ status: 2, stderr: 'fovea: The World does not speak "fr": use one of en, es\n' })
    const trained = await fovea(...args, '--split', 'train', '--vendor', 'fxemoji')
    expect(trained.stderr).toMatch(/^fovea: Drawings of fxemoji are kept for tests: .*\n$/)
  })

  it('writes a gallery, and asks where to write', async () => {
    const page = join(temporaryFolder(), 'world.html')
    const { stdout } = await fovea('world', '--task', 'thing-front', '--gallery', page, '--n', '1')
    expect(stdout).toBe(`wrote 1 samples to ${page}\n`)
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/)
    const { status, stderr } = await fovea('world')
    expect([status, stderr]).toEqual([
      2,
      'fovea: say where to write: --out <folder> or --gallery <file>; see fovea world --help\n',
    ])
  })

  it('writes a table of VLMEvalKit, and refuses one of films', async () => {
    const out = join(temporaryFolder(), 'table')
    const args = ['world', '--n', '1', '--form', 'vlmevalkit', '--out', out, '--task']
    expect((await fovea(...args, 'count')).stdout).toBe(`wrote 1 samples to ${out}/data.tsv\n`)
    expect(readdirSync(out)).toEqual(['data.tsv'])
    const film = await fovea(...args, 'video')
    expect([film.status, film.stderr.trim().split('\n')]).toEqual([2, [expect.stringContaining('leave --form out')]])
  })

  it('refuses an unknown task and writes nothing', async () => {
    const folder = temporaryFolder()
    const { status, stderr } = await fovea('world', '--task', 'cuont', '--out', join(folder, 'out'))
    expect(status).toBe(2)
    expect(stderr).toMatch(/^fovea: Unknown World task "cuont": use one of .*\n$/)
    expect(readdirSync(folder)).toEqual([])
  })
})
