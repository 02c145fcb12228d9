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

  it('refuses an unknown task and writes nothing', async () => {
    const folder = temporaryFolder()
    const { status, stderr } = await fovea('world', '--task', 'cuont', '--out', join(folder, 'out'))
    expect(status).toBe(2)
    expect(stderr).toMatch(/^fovea: Unknown World task "cuont": use one of .*\n$/)
    expect(readdirSync(folder)).toEqual([])
  })
})
