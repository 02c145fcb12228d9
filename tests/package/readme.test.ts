import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commands } from '../../src/cli/commands/index.generated.ts'
import { fovea } from '../cli/fovea.ts'
import { root } from './tree.ts'

const readme = await readFile(join(root, 'README.md'), 'utf8')
const missing = (paths: readonly string[]) => paths.filter((path) => !existsSync(join(root, path)))

it('shows commands and files that are there', () => {
  const called = [...readme.matchAll(/\.\/fovea ([a-z]+)/g)].map(([, name]) => name)
  expect(called.length).toBeGreaterThan(10)
  expect(called.filter((name) => !commands.some((command) => command.name === name))).toEqual([])
  expect(readme).not.toContain('npx')
  const links = [...readme.matchAll(/\]\((?!http)([^)]+)\)/g)].map(([, path]) => path)
  const written = /(?:--overlay|--out) \S+/g
  const named = readme.replace(written, '').match(/[\w./-]+\.(?:png|mp4|jpg|ts)\b/g)!
  expect(missing([...links, ...named])).toEqual([])
})

it.each([
  ['what color is the star?', ['--method', 'fastv:layer=2,keep=.25'], 'yellow'],
  ['how many blue objects are there?', [], '2'],
  ['is there a red circle?', ['--method', 'fastv:keep=.25'], 'no'],
])('asks what has an answer: %s', async (question, options, answer) => {
  expect(readme).toContain(question)
  expect((await fovea('ask', 'examples/scene.png', question, ...options)).stdout).toMatch(`${answer}\n`)
})

it('finds the star where it asks for its place, and the red shape in the clip', async () => {
  expect(readme).toContain('"locate the star."')
  expect(readme).toContain('examples/clip.mp4 "what shape is red?" --frames-as-images --frames 4')
  const [box, shape] = await Promise.all([
    fovea('ask', 'examples/scene.png', 'locate the star.', '--method', 'fastv:layer=2,keep=.25'),
    fovea('ask', 'examples/clip.mp4', 'what shape is red?', '--frames-as-images', '--frames', '4'),
  ])
  const [left, top, right, bottom] = box.stdout
    .split('\n')[0]
    .split(',')
    .map((value) => Number(value) / 1000)
  const [x, y] = [337 / 384, 330 / 384]
  expect(left < x && x < right && top < y && y < bottom).toBe(true)
  expect(shape.stdout).toMatch(/^circle\n/)
})
