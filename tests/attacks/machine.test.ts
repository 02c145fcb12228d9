/** A machine that lacks something: one line, and exit code 5. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { describeFailure } from '../../src/cli/failure.ts'
import { changedWeights } from '../../src/runtime/node/backend.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const tsx = import.meta.resolve('tsx')

/** A shell line in which `$FOVEA` is the command. */
function shell(line: string, cwd = root) {
  const FOVEA = `'${process.execPath}' --import '${tsx}' '${root}src/cli/main.ts'`
  return spawnSync('bash', ['-c', line.replaceAll('$FOVEA', FOVEA)], { cwd, encoding: 'utf8' })
}

test.each([
  ['a full standard output', '$FOVEA papers > /dev/full', /^fovea: standard output: the disk is full; [^\n]+\n$/],
  ['a full standard error', '$FOVEA papers --bad 2> /dev/full', /^$/],
  ['a full standard output, as JSON', '$FOVEA train --json > /dev/full', /^fovea: standard output: the disk is full/],
])('%s', (_, line, stderr) => {
  const ended = shell(line)
  expect([ended.status, ended.stderr]).toEqual([expect.toSatisfy((code) => code === 5), expect.stringMatching(stderr)])
})

test.each([
  ["ENOENT: no such file or directory, open '/m/model.safetensors'", 'checkpoint_changed'],
  ['ENOENT: no such file or directory, uv_cwd', undefined],
])('an engine that says "%s": %s', (message, code) => {
  expect(changedWeights(new Error(message), { files: { weights: '/m/model.safetensors' } })?.code).toBe(code)
})

test.each([
  [{ code: 'EMFILE', syscall: 'open', path: '/a' }, 'too many files are open at once'],
  [{ code: 'ENOENT', syscall: 'uv_cwd' }, 'the working folder is not there any more'],
  [{ code: 'ENOSPC', syscall: 'write' }, 'standard output: the disk is full'],
  [{ code: 'ENOMEM' }, 'there is not enough memory'],
  [{ code: 'EACCES', path: '/a/b' }, '/a/b: no permission for it'],
  [{ code: 'EROFS', path: '/a/b' }, '/a/b: the disk is read-only'],
])('%o is a lack of the machine', (fields, message) => {
  const failure = describeFailure(Object.assign(new Error(`${fields.code}: as the system says it`), fields))
  expect(failure).toEqual({ exitCode: 5, message: expect.stringContaining(message) })
})

test.each([
  ['0', 'above 0'],
  ['-1', 'above 0'],
])('--fps %s must be %s', (value, range) => {
  const ended = shell(`$FOVEA ask examples/clip.mp4 'what?' --frames-as-images --fps ${value}`)
  expect([ended.status, ended.stderr]).toEqual([
    2,
    `fovea: option '--fps <rate>' argument '${value}' is invalid. It must be a number ${range}; see fovea ask --help\n`,
  ])
})
