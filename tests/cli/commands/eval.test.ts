import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fovea, temporaryFolder } from '../fovea.ts'
import { writeTinyModel } from '../tiny-model.ts'

describe('fovea eval world', () => {
  it('prints a table, writes rows, and writes the model card', async () => {
    const folder = temporaryFolder()
    const model = await writeTinyModel(join(folder, 'model'))
    const rows = join(folder, 'rows', 'world.jsonl')
    const tasks = ['--task', 'exist', '--task', 'box']
    const [table, json, card] = await Promise.all([
      fovea('eval', 'world', '--model', model, '--n', '2', ...tasks, '--out', rows),
      fovea('eval', 'world', '--model', model, '--n', '1', '--drawings', '--task', 'count', '--json'),
      fovea('eval', 'world', '--model', model, '--n', '1', '--card'),
    ])
    expect(table.status).toBe(0)
    expect(table.stdout).toMatch(/^world, dense\ntask +questions +right % .*\nexist +2 /)
    const lines = readFileSync(rows, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map((row) => row.task)).toEqual(['exist', 'exist', 'box', 'box'])
    expect(lines[2].iou).toBeGreaterThanOrEqual(0)
    expect(JSON.parse(json.stdout)).toMatchObject({
      n: 1,
      results: { drawings: { tasks: [{ task: 'count', count: 1 }] } },
    })
    expect(card.status).toBe(0)
    expect(readFileSync(join(model, 'README.md'), 'utf8')).toContain('| dialogue |')
  })

  it('refuses unknown tasks, and a card of a part', async () => {
    const unknown = await fovea('eval', 'world', '--task', 'cuont', '--model', await writeTinyModel(temporaryFolder()))
    expect(unknown.status).toBe(2)
    expect(unknown.stderr).toContain('Unknown World task "cuont"')
    const part = await fovea('eval', 'world', '--card', '--task', 'count')
    expect(part).toMatchObject({ status: 2, stdout: '' })
  })
})
