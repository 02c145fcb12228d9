import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { buildStudio } from './build.ts'

const folder = await mkdtemp(join(tmpdir(), 'fovea-studio-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

it('is below 400 kB with all it loads, asks no other host, and says whose code is in it', async () => {
  await buildStudio(folder)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(400_000)
  const names = paths.map((path) => relative(folder, path))
  expect(names).toEqual(expect.arrayContaining(['index.html', 'licenses.md', 'samples/samples.json']))
  const loaded = await Promise.all(
    paths.filter((path) => /\.(html|css)$/.test(path)).map((path) => readFile(path, 'utf8')),
  )
  for (const text of loaded)
    expect(text).not.toMatch(/(src|href)="(https?:)?\/\/|url\(["']?(https?:)?\/\/|<style|style=/)
  expect(await readFile(join(folder, 'licenses.md'), 'utf8')).toMatch(/react-dom.*MIT/s)
  for (const { file } of JSON.parse(await readFile(join(folder, 'samples/samples.json'), 'utf8')))
    expect(names).toContain(join('samples', file))
})
