import { describe, expect, it } from 'vitest'
import { papers } from '../../../src/papers/registry.ts'
import { fovea } from '../fovea.ts'

describe('fovea papers', () => {
  it('lists every paper and counts the states', async () => {
    const { status, stdout } = await fovea('papers')
    expect(status).toBe(0)
    for (const { id } of papers) expect(stdout).toMatch(new RegExp(`^${id} `, 'm'))
    const count = papers.filter(({ role = 'catalogue' }) => role === 'catalogue').length
    expect(stdout).toMatch(new RegExp(`\n${count} papers: \\d+ \\w+.*\n\\d+ further algorithms: .*\n\\d+ baselines: `))
  })

  it('filters by words and kind', async () => {
    const { stdout } = await fovea('papers', 'video', 'token', '--kind', 'compute', '--json')
    const found = JSON.parse(stdout)
    expect(found.length).toBeGreaterThan(0)
    for (const entry of found) expect(entry.kind).toContain('compute')
  })

  it('says what may have been meant where nothing is found', async () => {
    const [near, far, kind] = await Promise.all([
      fovea('papers', 'fastvv'),
      fovea('papers', 'zzzzzzzzzz', '--json'),
      fovea('papers', 'visionzap', '--kind', 'reducer'),
    ])
    expect(near.stderr).toMatch(/^no paper has "fastvv"; did you mean fastv, .*\?\n$/)
    expect(far).toMatchObject({
      status: 0,
      stdout: '[]\n',
      stderr: 'no paper has "zzzzzzzzzz"; fovea papers lists all of them\n',
    })
    expect(kind.stderr).toMatch(/^no paper of kind reducer has "visionzap"; did you mean visionzip/)
  })

  it('shows one paper, as text and as JSON', async () => {
    const { stdout } = await fovea('papers', 'show', 'eve')
    expect(stdout).toContain('link     https://arxiv.org/abs/2406.11832\n')
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    const { stdout: json } = await fovea('papers', 'show', 'eve', '--json')
    expect(JSON.parse(json)).toMatchObject({ id: 'eve', date: '2024-06', state: 'described', stale: [] })
  })

  it('shows what was measured beside what is claimed, by an id alone too', async () => {
    const shown = await fovea('papers', 'fastv')
    expect(shown.stdout).toBe((await fovea('papers', 'show', 'fastv')).stdout)
    expect(shown.stdout).toMatch(/\nchecks\n.*\neffect\n.*\nheadline\n/s)
    expect(shown.stdout).toMatch(/models\/fovea-mini, test split, seed 1, \d+ images a task/)
    expect(shown.stdout).toContain('paper: 0.550 x')
    for (const line of shown.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    const { results } = JSON.parse((await fovea('papers', 'fastv', '--json')).stdout)
    expect(results.effect.rows.length).toBeGreaterThan(10)
  })
})
