import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { buildMethod, parseEntry } from '../../../src/papers/methods.ts'
import type { Paper } from '../../../src/papers/paper.ts'
import { findPaper, papers } from '../../../src/papers/registry.ts'
import { runningSection, VIDEO_MODEL } from '../../../tools/pages/running.ts'
import { shownMethod } from '../../../tools/pages/shown.ts'
import { fovea, temporaryFolder } from '../../cli/fovea.ts'

/** A small model that takes videos, as the one that pages name does. */
const TINY = 'tests/fixtures/families/llava-onevision-video'

const textOf = (entry: Paper) => runningSection(entry).join('\n').replaceAll(VIDEO_MODEL, TINY)

/** The words of the line of a page that begins with `fovea <command>`. */
function words(id: string, command: string): string[] {
  const line = textOf(findPaper(id))
    .split('\n')
    .find((text) => text.startsWith(`fovea ${command} `))!
  return [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word).slice(1)
}

/** Runs what a page has in TypeScript and returns what it prints. */
async function called(id: string): Promise<string> {
  const [, code] = /```ts\n([\s\S]*?)\n```/.exec(textOf(findPaper(id)))!
  const path = join(temporaryFolder(), 'page.mts')
  writeFileSync(path, code.replace("'fovea'", `'${pathToFileURL('src/index.ts')}'`))
  return (await promisify(execFile)(process.execPath, ['--import', 'tsx', path])).stdout
}

it('names methods and options that there are', () => {
  for (const entry of papers.filter(({ method }) => method)) {
    const { given } = parseEntry(shownMethod(entry))
    expect(buildMethod(entry, given).name).toMatch(new RegExp(`^${entry.id}(:|$)`))
  }
})

it.each([
  ['visionzip', /^yellow\n144 -> 36 visual tokens\n/],
  ['explain-compress', /\n144 -> 36 visual tokens\n/],
  ['mqt', /\n144 -> 64 visual tokens\n/],
])('%s: its line asks about an image', async (id, printed) => {
  const { status, stdout } = await fovea(...words(id, 'ask'))
  expect([status, stdout]).toEqual([0, expect.stringMatching(printed)])
})

it('asks about a video, and goes through it as a stream', async () => {
  const [asked, watched] = await Promise.all([fovea(...words('dtd', 'ask')), fovea(...words('dtd', 'watch'))])
  expect([asked.status, asked.stdout]).toEqual([
    0,
    expect.stringMatching(/8 of 48 frames[\s\S]*\d+ -> \d+ visual tokens/),
  ])
  expect([watched.status, watched.stderr]).toEqual([0, ''])
})

it('calls the library for an image and for a video', async () => {
  const [image, video] = await Promise.all([called('fastv'), called('dycoke')])
  expect(image).toMatch(/^yellow \{ before: 144,[\s\S]*last: 36,/)
  expect(video).toMatch(/before: 73,\s*after: 38,/)
})
