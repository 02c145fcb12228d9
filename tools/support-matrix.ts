/**
 * Writes the support matrix of docs/models.md from what the families say of themselves and the fixtures that hold them
 * to it: `npx tsx tools/support-matrix.ts [--check]`. With `--check` nothing is written; the exit code is 1 when the
 * page is out of date.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readProcessor } from '../src/loading/node-read-model.ts'
import type { Family } from '../src/models/family.ts'
import { findFamily } from '../src/models/find-family.ts'
import { families } from '../src/models/index.generated.ts'
import type { LanguageModel } from '../src/models/language/language-model.ts'
import { parsePreprocessor } from '../src/models/views/image-processor.ts'
import type { PromptForm } from '../src/models/views/prompt-form.ts'
import type { VisionSide } from '../src/models/vision-side.ts'
import { readModelFile } from '../src/text/model-file.ts'
import { isEntry } from './entry.ts'

const PAGE = 'docs/models.md'
const FIXTURES = 'tests/fixtures/families'

/** What of a model goes into the matrix. */
interface Declared {
  readonly vision: Pick<VisionSide, 'question'>
  readonly prompt: Pick<PromptForm, 'imagesFirst' | 'maxImages' | 'video' | 'write'>
  readonly language: Pick<LanguageModel, 'heads'>
}

/** How many images and videos a recorded prompt holds. */
interface Case {
  readonly images: number
  readonly videos: number
}

/** A small checkpoint with recorded reference outputs; tests/models/families.test.ts runs every folder there is. */
export interface Fixture {
  readonly name: string
  readonly modelType: string
  readonly vision: string
  readonly language: string
  readonly declared: Declared
  readonly cases: readonly Case[]
}

interface Config extends Record<string, unknown> {
  readonly model_type: string
  readonly vision_config?: { readonly model_type?: string }
  readonly text_config?: { readonly model_type?: string }
}

interface Expected {
  readonly cases: readonly { readonly images: readonly string[]; readonly videos?: readonly unknown[] }[]
}

/** The fixtures below `root`, each bound as when it is loaded. Throws for one without recorded outputs. */
export const readFixtures = (root: string): Promise<Fixture[]> =>
  Promise.all(
    readdirSync(root)
      .sort()
      .map((name) => readFixture(root, name)),
  )

async function readFixture(root: string, name: string): Promise<Fixture> {
  const folder = join(root, name)
  const path = join(folder, 'expected.json')
  if (!existsSync(path)) throw new Error(`${path} is missing; tests/fixtures/make_*.py record what it should hold`)
  const config: Config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))
  const { cases }: Expected = JSON.parse(readFileSync(path, 'utf8'))
  const processor = parsePreprocessor(
    await readProcessor({ name: folder, readText: (file) => readModelFile(folder, file) }),
    folder,
  )
  return {
    name,
    modelType: config.model_type,
    vision: (config.vision_config?.model_type ?? config.model_type).replace(/_vision(_model)?$/, ''),
    language: (config.text_config?.model_type ?? config.model_type).replace(/_text$/, ''),
    declared: findFamily(config, name).bind(config, processor),
    cases: cases.map(({ images, videos = [] }) => ({ images: images.length, videos: videos.length })),
  }
}

/** What is declared and recorded is a yes; what is declared alone says so. */
function verdict(fixtures: readonly Fixture[], takes: (declared: Declared) => boolean, isProof: (of: Case) => boolean) {
  const able = fixtures.filter(({ declared }) => takes(declared))
  if (able.length === 0) return 'no'
  return able.some(({ cases }) => cases.some(isProof)) ? 'yes' : 'not tested'
}

const code = (text: string): string => `\`${text}\``
const distinct = (values: readonly string[]): string => [...new Set(values)].sort().join(', ')

function promptOf({ prompt: { imagesFirst, write } }: Declared): string {
  if (write) return "the family's own"
  return imagesFirst ? 'images, then text' : 'chat template'
}

function rawOf({ prompt: { imagesFirst, write } }: Declared): string {
  if (write) return 'completed'
  return imagesFirst ? 'as written, images first' : 'as written'
}

const header = [
  ...['family', '`model_type`', 'vision encoders', 'language models', 'one image', 'several', 'video'],
  ...['tokens depend on the question', 'turns', 'prompt', 'raw prompt', 'fixtures'],
]

/** A row for each family and each `model_type` that it reads. */
function familyRow(family: Pick<Family, 'id'>, modelType: string, all: readonly Fixture[]): string[] {
  const fixtures = all.filter((fixture) => fixture.modelType === modelType)
  const start = [family.id, code(modelType)]
  if (fixtures.length === 0) return [...start, ...header.slice(3).map(() => ''), 'none']
  const declared = fixtures.map((fixture) => fixture.declared)
  return [
    ...start,
    distinct(fixtures.map(({ vision }) => vision)),
    distinct(fixtures.map(({ language }) => language)),
    verdict(
      fixtures,
      () => true,
      ({ images, videos }) => images === 1 && videos === 0,
    ),
    verdict(
      fixtures,
      ({ prompt: { maxImages = 2 } }) => maxImages > 1,
      ({ images }) => images > 1,
    ),
    verdict(
      fixtures,
      ({ prompt }) => prompt.video !== undefined,
      ({ videos }) => videos > 0,
    ),
    declared.some(({ vision }) => vision.question) ? 'yes' : 'no',
    declared.some(({ prompt }) => prompt.write) ? 'one question' : 'yes',
    distinct(declared.map(promptOf)),
    distinct(declared.map(rawOf)),
    fixtures.map(({ name }) => name).join(', '),
  ]
}

function headsOf({ language: { heads } }: Declared): string {
  const { count, keyValue } = heads
  return count === keyValue ? `${count}` : `${count} on ${keyValue} (grouped)`
}

/** `text`, `2 images`, `1 image and 1 video`. */
function caseOf({ images, videos }: Case): string {
  const counted = (count: number, noun: string) => (count ? [`${count} ${noun}${count > 1 ? 's' : ''}`] : [])
  return [...counted(images, 'image'), ...counted(videos, 'video')].join(' and ') || 'text'
}

const fixtureRow = ({ name, modelType, vision, language, declared, cases }: Fixture): string[] => [
  name,
  code(modelType),
  vision,
  language,
  headsOf(declared),
  [...new Set(cases.map(caseOf))].join('; '),
]

const table = (rows: readonly (readonly string[])[]): string =>
  rows
    .toSpliced(
      1,
      0,
      rows[0].map(() => '---'),
    )
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')

/** Two tables: what every family takes, and what every fixture is made of and records. */
export function supportMatrix(known: readonly Pick<Family, 'id' | 'modelTypes'>[], fixtures: readonly Fixture[]) {
  const rows = known.flatMap((family) => family.modelTypes.map((type) => familyRow(family, type, fixtures)))
  return [
    table([header, ...rows]),
    `The ${fixtures.length} fixtures, and what their recorded prompts hold:`,
    table([
      ['fixture', '`model_type`', 'vision', 'language', 'attention heads', 'recorded prompts'],
      ...fixtures.map(fixtureRow),
    ]),
  ].join('\n\n')
}

const START = '<!-- support matrix, written by npm run generate -->'
const END = '<!-- end of the support matrix -->'

/** The page with this matrix between its two marks. Throws where a mark is missing. */
export function withMatrix(page: string, matrix: string): string {
  const [start, end] = [page.indexOf(START), page.indexOf(END)]
  if (start < 0 || end < start) throw new Error(`${PAGE}: it needs the lines\n${START}\n${END}`)
  return `${page.slice(0, start + START.length)}\n${matrix}\n${page.slice(end)}`
}

if (isEntry(import.meta.url)) {
  const { values } = parseArgs({ options: { check: { type: 'boolean' } } })
  const page = readFileSync(PAGE, 'utf8')
  const expected = withMatrix(page, supportMatrix(families, await readFixtures(FIXTURES)))
  if (values.check && page !== expected) {
    console.log(`${PAGE} is out of date; run npm run generate`)
    process.exitCode = 1
  } else if (values.check) console.log('support matrix: up to date')
  else if (page !== expected) {
    writeFileSync(PAGE, expected)
    console.log(`wrote ${PAGE}`)
  }
}
