import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
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

it('builds anew where the sources are newer, and answers by them; one that cannot be built is not answered for', async () => {
  const clone = await temporaryClone()
  await run(clone, './fovea', '--version')
  const before = await readdir(join(clone, 'dist'))
  const source = join(clone, 'src/cli/commands/index.generated.ts')
  const text = await readFile(source, 'utf8')
  await writeFile(source, text.replace('Count the tokens of', 'Count anew'))
  await later(source, 60)
  const { code, stdout, stderr } = await run(clone, './fovea', '--help')
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'fovea: src/ has changed, building dist/ anew\n' })
  expect(stdout).toContain('Count anew')
  expect(await readdir(join(clone, 'dist'))).toEqual(expect.arrayContaining(before)) // for programs that still run
  await writeFile(source, 'this is no program')
  await later(source, 120)
  const broken = await run(clone, './fovea', '--help')
  expect(broken).toMatchObject({ code: 5, stdout: '' })
  expect(broken.stderr).toMatch(
    /^fovea: src\/ has changed, .*\nfovea: dist\/ cannot be built, npm run build says more: /,
  )
  expect((await readdir(clone)).filter((name) => name.startsWith('dist'))).toEqual(['dist'])
})

/** As if a file were written so many seconds from now. */
const later = (path: string, seconds: number) => utimes(path, Date.now() / 1000 + seconds, Date.now() / 1000 + seconds)

it('names npm ci where the packages are missing', async () => {
  const clone = await temporaryClone()
  await rm(join(clone, 'node_modules'))
  const { code, stderr } = await run(clone, './fovea', '--version')
  expect(code).toBe(5)
  expect(stderr).toBe('fovea: building dist/, once\nfovea: its packages are missing: run npm ci in this folder first\n')
})
