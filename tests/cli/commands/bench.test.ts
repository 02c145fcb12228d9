import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fovea, temporaryFolder } from '../fovea.ts'

const PATIENCE = 240_000

const reduce = (out: string, ...more: string[]) =>
  fovea('bench', 'reduce', '--task', 'read', '--keep', '.25', '--n', '3', '--threads', '1', '--out', out, ...more)

describe('fovea bench', () => {
  it('measures, goes on with another method, reports, and compares', { timeout: PATIENCE }, async () => {
    const folder = temporaryFolder()
    const [first, second] = [join(folder, 'a'), join(folder, 'b')]
    const points = async (out: string, ...more: string[]) => {
      const { status, stdout, stderr } = await reduce(out, '--json', ...more)
      expect([status, stderr]).toEqual([0, expect.stringContaining('bench.json')])
      return stdout.trim().split('\n').map((line) => JSON.parse(line)) // biome-ignore format: one step
    }
    const found = await points(first, '--method', 'divprune', '--rounds', '2')
    expect(found.map(({ label }) => label)).toEqual(['dense', 'random', 'resize', 'divprune'])
    const own = found.at(-1)
    expect(own.tokens).toEqual({ before: 144, mean: 36, last: 36 })
    expect(own.flops).toBeLessThan(0.5)
    expect(own.timing.rounds).toBe(2)
    // what is known is not asked again: the answers are the same, and so are the times
    expect((await points(first, '--method', 'divprune', '--method', 'fastv', '--rounds', '2'))[3]).toEqual(own)

    const page = join(folder, 'page.html')
    const csv = join(folder, 'page.csv')
    expect(await fovea('bench', 'report', first, '--out', page, '--csv', csv)).toMatchObject({ status: 0 })
    expect(readFileSync(page, 'utf8')).toContain('<svg')
    expect(readFileSync(page, 'utf8')).not.toMatch(/(src|href)="https?:/)
    const answers = join(folder, 'answers')
    const forms = [[], ['--form', 'lmms-eval']]
    for (const form of forms) await fovea('bench', 'report', first, '--out', page, '--answers', answers, ...form)
    const written = readdirSync(join(answers, 'divprune-at-25'))
    expect(written).toEqual([expect.stringMatching(/^\d{8}_\d{6}_samples_read\.jsonl$/), 'divprune-at-25_world.tsv'])
    expect(
      readFileSync(join(answers, 'dense', 'dense_world.tsv'), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(4)
    expect(readFileSync(csv, 'utf8').trim().split('\n').length).toBe(6)

    await points(second, '--method', 'divprune', '--rounds', '0')
    const compared = await fovea('bench', 'compare', first, second)
    expect(compared.stdout).toContain('divprune at 25 %  ')
    expect(compared.stdout).toContain('+0.0 (+0.0 to +0.0)')
    expect(compared.stderr).toContain('only in one of them: fastv')

    const other = await reduce(first, '--method', 'divprune', '--seed', '2')
    expect(other).toMatchObject({ status: 2, stdout: '' })
    expect(other.stderr).toContain('holds a benchmark with seed 1, not 2: choose another folder, or remove it')
  })

  it('refuses what it cannot measure, compare or read in one line', { timeout: PATIENCE }, async () => {
    const folder = temporaryFolder()
    const refused = async (status: number, line: string, ...args: string[]) => {
      const ended = await fovea('bench', ...args)
      expect(ended).toMatchObject({ status, stdout: '' })
      expect(ended.stderr.trim()).toContain(line)
      expect(ended.stderr.trim().split('\n').length).toBe(1)
    }
    const out = join(folder, 'x')
    await refused(2, 'a share of the tokens must lie above 0', 'reduce', '--keep', '0', '--out', out)
    await refused(2, 'there is no task "raed"', 'reduce', '--task', 'raed', '--out', out)
    await refused(2, 'no method named "fatsv"', 'reduce', '--method', 'fatsv', '--out', out)
    await refused(3, 'no finished benchmark lies there', 'report', out)
    mkdirSync(out)
    writeFileSync(join(out, 'bench.json'), '{"points":1}')
    await refused(3, 'this is not the result of a benchmark', 'report', out)
  })
})
