import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
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
      fovea('eval', 'world', '--model', model, '--n', '1', '--group', 'drawings', '--group', 'choices', '--card'),
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
    const readme = readFileSync(join(model, 'README.md'), 'utf8')
    expect(readme).toMatch(/drawings by another renderer, mean of tasks: \d+\.\d %/)
    expect(readme).toContain('| choice-image | 1 |')
    expect(readme).toContain('--group drawings --group choices --card')
  })

  it('measures groups, vendor by vendor, and draws answers of the vendor never seen', async () => {
    const folder = temporaryFolder()
    const model = await writeTinyModel(join(folder, 'model'))
    const [rows, sheet] = [join(folder, 'rows.jsonl'), join(folder, 'answers.png')]
    const asked = ['--group', 'things', '--task', 'thing-exist', '--vendor', 'noto', '--vendor', 'fxemoji', '--n', '3']
    const [things, film] = await Promise.all([
      fovea('eval', 'world', '--model', model, ...asked, '--out', rows, '--sheet', sheet),
      fovea('eval', 'world', '--model', model, '--task', 'film-motion', '--n', '1', '--frames', '6', '--json'),
    ])
    expect(things.status).toBe(0)
    expect(things.stdout).toMatch(/^things: drawn by noto\ntask +questions/)
    expect(things.stdout).toContain('things: drawn by fxemoji, which training never shows')
    expect(things.stderr).toContain(`wrote ${sheet}`)
    expect(readFileSync(sheet).subarray(1, 4).toString()).toBe('PNG')
    const lines = readFileSync(rows, 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).section)).toEqual([
      ...Array(3).fill('noto'),
      ...Array(3).fill('fxemoji'),
    ])
    const { groups, frames } = JSON.parse(film.stdout)
    expect(frames).toBe(6)
    expect(groups.video[0].tasks[0]).toMatchObject({ task: 'film-motion', count: 1, bestFrame: { share: 0 } })
  })

  it('refuses unknown tasks, and a card of a part', async () => {
    const unknown = await fovea('eval', 'world', '--task', 'cuont', '--model', await writeTinyModel(temporaryFolder()))
    expect(unknown.status).toBe(2)
    expect(unknown.stderr).toContain('Unknown World task "cuont"')
    const group = await fovea('eval', 'world', '--group', 'thing')
    expect(group).toMatchObject({ status: 2, stdout: '' })
    expect(group.stderr).toContain('There is no group "thing": use all, or some of shapes')
    const foreign = await fovea('eval', 'world', '--group', 'things', '--task', 'film-when')
    expect(foreign).toMatchObject({ status: 2, stdout: '' })
    const part = await fovea('eval', 'world', '--card', '--task', 'count')
    expect(part).toMatchObject({ status: 2, stdout: '' })
  })

  it('refuses the length of films where none is shown', async () => {
    const [shapes, things] = await Promise.all([
      fovea('eval', 'world', '--frames', '4'),
      fovea('eval', 'world', '--group', 'things', '--rate', '2'),
    ])
    const line = (flag: string) =>
      `fovea: ${flag} is about films, and none is asked about; leave it out, or ask about films (--group video)\n`
    expect(shapes).toMatchObject({ status: 2, stderr: line('--frames') })
    expect(things).toMatchObject({ status: 2, stderr: line('--rate') })
  })
})

describe('fovea eval FOLDER', () => {
  it('asks what a file of questions asks', async () => {
    const folder = temporaryFolder()
    const model = await writeTinyModel(join(folder, 'model'))
    const record = { image: 'scene.png', question: 'is there a star?', answer: 'yes', category: 'shapes' }
    const options = { image: 'scene.png', question: 'what is it?', options: ['a star', 'a car'], answer: 'A' }
    mkdirSync(join(folder, 'data'))
    copyFileSync('examples/scene.png', join(folder, 'data', 'scene.png'))
    const file = join(folder, 'data', 'data.jsonl')
    writeFileSync(file, [record, record, options].map((line) => `${JSON.stringify(line)}\n`).join(''))
    const rows = join(folder, 'rows.jsonl')
    const [table, json, nothing] = await Promise.all([
      fovea('eval', join(folder, 'data'), '--model', model, '--out', rows),
      fovea('eval', file, '--model', model, '--n', '2', '--json'),
      fovea('eval', '--model', model),
    ])
    expect(table.status).toBe(0)
    expect(table.stdout).toMatch(/data\.jsonl, dense\ncategory +questions +right %/)
    expect(table.stdout).toMatch(/\nall together +3 /)
    expect(readFileSync(rows, 'utf8').trimEnd().split('\n')).toHaveLength(3)
    expect(JSON.parse(json.stdout).results).toMatchObject([{ category: 'shapes', count: 2, majority: 1 }])
    expect(nothing).toMatchObject({ status: 2, stdout: '' })
    writeFileSync(file, `${JSON.stringify(record)}\n{"image":"scene.png"}\n`)
    const broken = await fovea('eval', file, '--model', model)
    expect(broken).toMatchObject({ status: 3, stdout: '' })
    expect(broken.stderr).toContain('data.jsonl:2: it has no "question"')
  })

  it('writes answers as VLMEvalKit and lmms-eval keep them', { timeout: 300_000 }, async () => {
    const folder = temporaryFolder()
    const model = await writeTinyModel(join(folder, 'model'))
    copyFileSync('examples/scene.png', join(folder, 'scene.png'))
    const file = join(folder, 'data.jsonl')
    writeFileSync(file, `${JSON.stringify({ image: 'scene.png', question: 'is there a star?', answer: 'yes' })}\n`)
    const [results, samples] = [join(folder, 'results.tsv'), join(folder, 'logs', 'samples.jsonl')]
    const asked = ['--model', model, '--json']
    expect((await fovea('eval', file, ...asked, '--out', results)).status).toBe(0)
    expect(readFileSync(results, 'utf8')).toMatch(/^index\tquestion\tanswer\tprediction\n0\tis there a star\?\tyes\t/)
    expect((await fovea('eval', file, ...asked, '--out', samples, '--form', 'lmms-eval')).status).toBe(0)
    // pictures are named from where the log lies, so that it asks the same again
    expect((await fovea('eval', samples, ...asked)).stdout).toContain('"count":1')
    const formless = await fovea('eval', file, ...asked, '--form', 'lmms-eval')
    expect(formless).toMatchObject({ status: 2, stdout: '' })
    expect(formless.stderr).toContain('add --out <file>')
  })

  it('says whose an option is', async () => {
    const { status, stderr } = await fovea('eval', '.', '--group')
    expect([status, stderr]).toEqual([2, "fovea: unknown option '--group'; it is an option of fovea eval world\n"])
  })
})
