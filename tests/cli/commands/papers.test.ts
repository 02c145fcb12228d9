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

  it('shows one paper, as text and as JSON', async () => {
    const { stdout } = await fovea('papers', 'show', 'aim')
    expect(stdout).toContain('link     https://arxiv.org/abs/2412.03248\n')
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    const { stdout: json } = await fovea('papers', 'show', 'aim', '--json')
    expect(JSON.parse(json)).toMatchObject({ id: 'aim', date: '2024-12' })
  })
})
