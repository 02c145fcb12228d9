/**
 * Writes a source file and its test from the templates, then the registries: `npm run new -- <kind> <name> [root]`.
 *
 * The kind is a kind of paper, trained-connector (one with weights of its own), op, model (whose name is `folder/slug`) or
 * command. Nothing is ever overwritten.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import ts from 'typescript'
import { FoveaError } from '../src/errors.ts'
import { KINDS } from '../src/papers/paper.ts'
import { isEntry } from './entry.ts'
import { writeRegistries } from './generate.ts'

/** Where the files of one kind live and which pair of templates they are made from. */
interface Kind {
  template: string
  folder: string
  /** Appended to the export name, for kinds whose names may be reserved words, such as `fovea export`. */
  suffix?: string
  /** Folders of `folder`, one of which the name must begin with. */
  within?: string[]
}

const kinds: Record<string, Kind> = {
  ...Object.fromEntries(KINDS.map((kind) => [kind, { template: 'paper', folder: `src/papers/${kind}` }])),
  'trained-connector': { template: 'trained-connector', folder: 'src/papers/connector' },
  op: { template: 'op', folder: 'src/tensor/ops' },
  model: { template: 'model', folder: 'src/models', within: ['vision', 'language', 'audio', 'vlm'] },
  command: { template: 'command', folder: 'src/cli/commands', suffix: 'Command' },
}

const usage = `usage: npm run new -- <kind> <name>\nkinds: ${Object.keys(kinds).join(', ')}`

function refuse(message: string): never {
  throw new FoveaError('bad_scaffold', 'usage', message)
}

/** `llava-uhd` -> `llavaUhd`. */
function camelCase(slug: string): string {
  return slug.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

function isReservedWord(name: string): boolean {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, name)
  const token = scanner.scan()
  const inStrictMode = token >= ts.SyntaxKind.FirstReservedWord && token <= ts.SyntaxKind.LastFutureReservedWord
  return inStrictMode || ['await', 'arguments', 'eval'].includes(name)
}

/** The folder below `kind.folder` and the slug that `name` stands for. */
function splitName(kind: Kind, name: string): { folder: string; slug: string } {
  const slash = name.lastIndexOf('/')
  const within = name.slice(0, Math.max(0, slash))
  const slug = name.slice(slash + 1)
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(slug)) {
    refuse(`"${slug}" is no valid name: use lower-case letters, digits and single hyphens, such as llava-uhd-v3`)
  }
  if (kind.within && !kind.within.includes(within)) {
    refuse(
      `"${name}" names no folder of ${kind.folder}: write ${kind.within.map((at) => `${at}/${slug}`).join(' or ')}`,
    )
  }
  if (!kind.within && within) refuse(`"${name}" has a folder, but every name of this kind lies in ${kind.folder}`)
  return { folder: posix.join(kind.folder, within), slug }
}

function fillTemplate(file: string, values: Record<string, string>): string {
  const text = readFileSync(new URL(`./templates/${file}`, import.meta.url), 'utf8')
  return text.replace(/\{\{(\w+)\}\}/g, (_, key: string) => values[key])
}

/**
 * Writes the source and the test of a new `kind` called `name` under `root` and brings the registries up to date.
 * Returns the paths written. Throws a usage error for an unknown kind, an invalid name, or one that is taken.
 */
export function scaffold(root: string, kindName: string, name: string): string[] {
  if (!Object.hasOwn(kinds, kindName)) refuse(`unknown kind "${kindName}"\n${usage}`)
  const kind = kinds[kindName]
  const { folder, slug } = splitName(kind, name)
  const exported = camelCase(slug) + (kind.suffix ?? '')
  if (isReservedWord(exported)) refuse(`"${slug}" is a reserved word of the language; choose another name`)
  const source = `${folder}/${slug}.ts`
  const test = source.replace(/^src/, 'tests').replace(/\.ts$/, '.test.ts')
  for (const path of [source, test]) if (existsSync(join(root, path))) refuse(`${path} exists; nothing was written`)
  const at = dirname(test)
  const values = {
    kind: kindName,
    slug,
    name: exported,
    source: posix.relative(at, source),
    root: posix.relative(at, '.'),
  }
  for (const [path, template] of [
    [source, `${kind.template}.txt`],
    [test, `${kind.template}.test.txt`],
  ]) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    writeFileSync(join(root, path), fillTemplate(template, values))
  }
  return [source, test, ...writeRegistries(root)]
}

function main(args: string[]): void {
  const [kind, name, root = '.'] = args
  try {
    if (!kind || !name || args.length > 3) refuse(usage)
    for (const path of scaffold(root, kind, name)) console.log(`wrote ${path}`)
  } catch (error) {
    if (!(error instanceof FoveaError)) throw error
    console.error(error.message)
    process.exitCode = 2
  }
}

if (isEntry(import.meta.url)) main(process.argv.slice(2))
