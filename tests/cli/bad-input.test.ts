import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bomb } from '../attacks/hostile-images.ts'
import { fovea, startFovea } from './fovea.ts'
import { writeSquare, writeTinyModel } from './tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'fovea-bad-'))
const at = (name: string) => join(folder, name)
const model = at('model')

beforeAll(async () => {
  await writeTinyModel(model)
  const square = readFileSync(await writeSquare(folder))
  await writeSquare(folder, 'pixel.png', 1)
  await writeSquare(folder, '🍎 apple.png')
  writeFileSync(at('truncated.png'), square.subarray(0, square.length / 2))
  writeFileSync(at('text.png'), 'no image at all')
  writeFileSync(at('bomb.png'), bomb())
  mkdirSync(at('directory'))
  await cp(model, at('corrupt'), { recursive: true })
  writeFileSync(at('corrupt/model.safetensors'), Buffer.concat([Buffer.alloc(8, 0xff), Buffer.from('{}')]))
  await cp(model, at('shortened'), { recursive: true })
  const weights = readFileSync(join(model, 'model.safetensors'))
  writeFileSync(at('shortened/model.safetensors'), weights.subarray(0, weights.length - 100))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ask = (...args: string[]) => fovea('ask', '--model', model, '--max-tokens', '2', ...args)

/** One line, no stack, the right exit code, and nothing written. */
async function expectRefusal(args: string[], status: number, message: RegExp): Promise<void> {
  const before = readdirSync(folder)
  const ended = await ask(...args, '--overlay', at('never.png'))
  expect(ended.stderr).toMatch(/^fovea: [^\n]+\n$/)
  expect(ended.stderr).toMatch(message)
  expect(ended.stdout).toBe('')
  expect(ended.status).toBe(status)
  expect(readdirSync(folder)).toEqual(before)
}

describe('bad images', () => {
  it.each([
    ['a missing file', 'missing.png', /missing\.png: no such file/],
    ['a directory', 'directory', /directory: this is a directory/],
    ['a truncated image', 'truncated.png', /truncated\.png: /],
    ['a text file', 'text.png', /text\.png: /],
    ['a bomb', 'bomb.png', /bomb\.png: .*16000/],
  ])('%s exits 3', async (_, name, message) => {
    await expectRefusal([at(name), 'what?'], 3, message)
  })

  it('closed standard input exits 3', async () => {
    await expectRefusal(['-', 'what?'], 3, /standard input: /)
  })

  it('one pixel and emoji in the name are fine', async () => {
    const { status, stdout } = await ask(at('pixel.png'), at('🍎 apple.png'), 'what?')
    expect(status).toBe(0)
    expect(stdout).toMatch(/\n32 -> 8 visual tokens\n$/)
  })
})

describe('bad options', () => {
  const image = at('square.png')
  it.each([
    ['an unknown method', ['--method', 'fastvv'], /no method named "fastvv"; did you mean fastv/],
    ['an unknown method option', ['--method', 'fastv:kep=.5'], /fastv has no option "kep"; did you mean keep/],
    ['a share above 1', ['--method', 'fastv:keep=1.5'], /fastv: option keep: /],
    ['a layer that is not there', ['--method', 'fastv:layer=99'], /no layer 99; the language model has layers 0 to 2/],
    [
      'a method that is only described',
      ['--method', 'lavca'],
      /lavca is in the catalogue but has no method to run yet/,
    ],
    ['an unknown option', ['--methd', 'fastv'], /unknown option '--methd'; did you mean --method/],
    ['an unknown device', ['--device', 'gpu'], /Allowed choices are cpu, cuda, webgpu/],
    ['a negative temperature', ['--temperature', '-1'], /must be a number from 0/],
  ])('%s exits 2', async (_, args, message) => {
    await expectRefusal([image, 'what?', ...args], 2, message)
  })

  it('an image without a question exits 2', async () => {
    await expectRefusal([image], 2, /give one image or more, then the question/)
  })
})

describe('bad model folders', () => {
  const image = at('square.png')
  it.each([
    ['no folder', 'nowhere', /nowhere: there is no such model folder/],
    ['a file', 'square.png', /square\.png: this is a file/],
    ['no model in it', 'directory', /directory: it holds no config\.json/],
    ['a corrupt safetensors header', 'corrupt', /model\.safetensors: /],
    ['weights cut short', 'shortened', /model\.safetensors: /],
  ])('%s exits 3', async (_, name, message) => {
    await expectRefusal([image, 'what?', '--model', at(name)], 3, message)
  })
})

describe('closed pipes', () => {
  it('a reader that leaves early is no failure', async () => {
    const { child, ended } = startFovea(['ask', at('square.png'), 'what?', '--model', model])
    child.stdout!.destroy()
    expect(await ended).toEqual({ status: 0, stdout: '', stderr: '' })
  })
})
