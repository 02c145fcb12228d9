/** Outputs go to new or regular files, never onto what is read, and never a part of one. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeFileAtomic } from '../../src/checkpoints/atomic.ts'
import { removeLeftovers, temporaryPath } from '../../src/checkpoints/leftovers.ts'
import { makeFolder } from '../../src/checkpoints/make-folder.ts'
import { assertOutput } from '../../src/cli/output-file.ts'
import { fovea, temporaryFolder } from '../cli/fovea.ts'
import { imageOf } from './hostile-folder.ts'

/** A folder with an input in it, and what else people have there. */
function place() {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  copyFileSync(imageOf(), at('photo.png'))
  mkdirSync(at('frames'))
  copyFileSync(imageOf(), at('frames/1.png'))
  writeFileSync(at('letter.txt'), 'dear')
  linkSync(at('photo.png'), at('same.png'))
  symlinkSync('photo.png', at('link.png'))
  symlinkSync('letter.txt', at('other-link.png'))
  symlinkSync('nowhere', at('dangling.png'))
  symlinkSync('frames', at('link-to-frames'))
  execFileSync('mkfifo', [at('pipe.png')])
  return { folder, at }
}

const TAKEN = [
  ['photo.png', 'this file is an input'],
  ['./frames/../photo.png', 'this file is an input'],
  ['same.png', 'this file is an input'],
  ['frames/1.png', 'this file belongs to the input'],
  ['link-to-frames/1.png', 'this file belongs to the input'],
  ['link.png', 'a link has this name'],
  ['other-link.png', 'a link has this name'],
  ['dangling.png', 'a link has this name'],
  ['pipe.png', 'a pipe has this name'],
  ['frames', 'a folder has this name'],
] as const

test.each(TAKEN)('%s is refused as an output: %s', async (name, message) => {
  const { folder } = place()
  const path = `${folder}/${name}`
  const error = await assertOutput(path, [join(folder, 'photo.png'), join(folder, 'frames')]).catch((reason) => reason)
  expect(error).toMatchObject({ name: 'FoveaError', kind: 'usage', code: 'output_taken' })
  expect(error.message).toContain(`${path}: ${message}`)
})

test('a device is refused, and a new or a regular file is not', async () => {
  const { at } = place()
  await expect(assertOutput('/dev/null', [])).rejects.toMatchObject({ code: 'output_taken' })
  await expect(writeFileAtomic('/dev/null', new Uint8Array())).rejects.toMatchObject({ code: 'output_taken' })
  await assertOutput(at('new.png'), [at('photo.png')])
  await assertOutput(at('letter.txt'), [at('photo.png')])
  await expect(assertOutput(at('none/new.png'), [])).rejects.toMatchObject({ code: 'write_failed' })
})

test.each(['photo.png', 'pipe.png'])('--overlay %s changes nothing', async (name) => {
  const { folder, at } = place()
  const names = readdirSync(folder)
  const before = readFileSync(at('photo.png'))
  const ended = await fovea('ask', at('photo.png'), 'what?', '--overlay', at(name))
  expect(ended).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/^fovea: [^\n]+\n$/) })
  expect(readFileSync(at('photo.png'))).toEqual(before)
  expect(readdirSync(folder)).toEqual(names)
})

test('what a killed process left is removed, what a living one writes is not', async () => {
  const folder = temporaryFolder()
  const mine = temporaryPath(join(folder, 'a.bin'))
  const gone = mine.replace(`-${process.pid}-`, '-4194303-')
  for (const path of [mine, gone, join(folder, '.own.tmp')]) writeFileSync(path, 'x')
  await removeLeftovers(folder)
  expect(
    readdirSync(folder)
      .map((name) => join(folder, name))
      .sort(),
  ).toEqual([mine, join(folder, '.own.tmp')].sort())
})

test.each(['/proc/fovea/deep/er', '/proc/self/fovea', '/dev/null/fovea'])(
  '%s cannot be made, and soon',
  async (path) => {
    await expect(makeFolder(path)).rejects.toMatchObject({ kind: 'resource', code: 'folder_unwritable' })
  },
)

test('a write that fails leaves neither a part nor a change', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'rows.jsonl')
  writeFileSync(path, 'old')
  async function* parts() {
    yield new Uint8Array(1000)
    throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
  }
  await expect(writeFileAtomic(path, parts())).rejects.toMatchObject({ code: 'disk_full', kind: 'resource' })
  expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['old', ['rows.jsonl']])
})
