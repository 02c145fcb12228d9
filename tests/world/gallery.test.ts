import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { exportWorld } from '../../src/evaluation/export-world.ts'
import { galleryPage } from '../../src/world/gallery/page.ts'
import { EXPORT_TASKS, exhibitsOf } from '../../src/world/node-exhibits.ts'
import { worldGallery } from '../../src/world/node-gallery.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'world-gallery-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('what fovea world writes', () => {
  const kinds = [
    'things',
    'pictures-which',
    'video',
    'sound',
    'sound-source',
    'episode',
    'voxels',
    'pope-adversarial',
    'choice',
  ]
  test.each(kinds)('%s: every file that a line names is there, and repeats', (task) => {
    const make = () => exhibitsOf({ task, split: 'test', seed: 2 })(1)
    const { files, record } = make()
    expect(make()).toEqual({ files, record })
    const line = record as Record<string, string | string[] | undefined>
    const named = [line.image, line.images, line.sound, line.masks].flat().filter((name) => name !== undefined)
    for (const name of named) expect(files.has(name!), name).toBe(true)
    const folders = [line.frames, line.views].flat().filter((name) => name !== undefined)
    for (const name of folders) expect([...files.keys()].some((file) => file.startsWith(`${name}/`))).toBe(true)
    expect(named.length + folders.length).toBeGreaterThan(0)
  })

  test('every task is offered once', () => {
    expect(new Set(EXPORT_TASKS).size).toBe(EXPORT_TASKS.length)
  })

  test('films are folders of pictures', async () => {
    await exportWorld({ task: 'film-motion', split: 'test', seed: 2, n: 1, frames: 6, outDir: folder })
    const line = JSON.parse(readFileSync(join(folder, 'data.jsonl'), 'utf8'))
    expect(line).toMatchObject({ frames: '000000', count: 6, rate: 1, task: 'film-motion' })
    expect(
      readFileSync(join(folder, '000000', '00005.png'))
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG')
    const film = exportWorld({ task: 'video', split: 'test', seed: 2, n: 1, frames: 1, outDir: folder })
    await expect(film).rejects.toThrow('A film of 1 frames shows nothing that happens: use an integer from 4')
  })
})

describe('a gallery', () => {
  test.each(['thing-box', 'film-other', 'sound-of', 'episode', 'choice'])('shows %s', async (task) => {
    const { page, samples } = worldGallery({ task, split: 'test', seed: 2, n: 1 })
    expect(samples).toBe(1)
    expect(page).toContain(`<h2>${task}</h2>`)
    expect(page.match(/src="data:image\/png;base64,/g)!.length).toBeGreaterThan(0)
    expect(page.includes('class="mask"')).toBe(task === 'thing-box')
    expect(page.includes('<rect ')).toBe(task === 'thing-box')
    expect(page.includes('<audio ')).toBe(task === 'sound-of')
    expect(page).toMatch(/<dt>.+<\/dt><dd>/)
  })

  test('lets no text act as markup', () => {
    const sample = { plates: [], lines: [{ question: '<b>"&', answer: 'a' }] }
    expect(galleryPage('x', [{ title: 't', samples: [sample] }])).toContain('<dt>&lt;b&gt;&quot;&amp;</dt>')
  })
})
