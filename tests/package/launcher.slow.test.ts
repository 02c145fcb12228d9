import { readdir, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { run, temporaryClone } from './tree.ts'

const question = ['ask', 'examples/scene.png', 'what color is the star?']

it('two first calls of ./fovea side by side both build and both answer; later calls build no more', async () => {
  const clone = await temporaryClone()
  const first = await Promise.all([1, 2].map(() => run(clone, './fovea', ...question)))
  for (const { code, stdout, stderr } of first) {
    expect(stderr).toContain('fovea: building dist/, once\n')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'yellow\n144 visual tokens\n' })
  }
  expect((await readdir(clone)).filter((name) => name.startsWith('dist'))).toEqual(['dist'])
  expect(await run(clone, './fovea', '--version')).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' })
})

it('says that a build is older than the sources, and still runs it', async () => {
  const clone = await temporaryClone()
  await run(clone, './fovea', '--version')
  const later = Date.now() / 1000 + 60
  await utimes(join(clone, 'src/errors.ts'), later, later)
  const stderr = 'fovea: dist/ is older than src/: npm run build makes it anew\n'
  expect(await run(clone, './fovea', '--version')).toEqual({ code: 0, stdout: '0.1.0\n', stderr })
})

it('names npm ci where the packages are missing', async () => {
  const clone = await temporaryClone()
  await rm(join(clone, 'node_modules'))
  const { code, stderr } = await run(clone, './fovea', '--version')
  expect(code).toBe(5)
  expect(stderr).toBe('fovea: building dist/, once\nfovea: its packages are missing: run npm ci in this folder first\n')
})
