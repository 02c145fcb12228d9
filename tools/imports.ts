/**
 * Checks which way imports point: `npx tsx tools/imports.ts [root]`.
 *
 * `src/` is a row of rooms. A file may import its own room and earlier ones; there are no exceptions to the row but
 * those written below. Type-only and dynamic imports count like any other: the question is what a reader must know.
 */
import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, posix } from 'node:path'
import ts from 'typescript'
import { isEntry } from './entry.ts'
import { listSources } from './sources.ts'

const rooms = [
  'errors',
  'tensor',
  'runtime',
  'nn',
  'media',
  'text',
  'checkpoints',
  'hub',
  'models',
  'pipeline',
  'quantization',
  'embedding',
  'loading',
  'training',
  'evaluation',
  'papers',
  'bench',
  'serve',
  'index',
  'cli',
]

/** The synthetic world stands beside the row: it knows little, and little knows it. */
const worldImports = ['errors', 'media', 'text']
const worldImporters = ['training', 'evaluation', 'papers', 'bench', 'index', 'cli']

/** Rooms that must also run in a browser, and the packages that exist in Node only. */
const browserRooms = ['tensor', 'nn', 'world', 'pipeline', 'quantization', 'embedding', 'loading']
const nodePackages = ['sharp', 'onnxruntime-node', '@napi-rs/canvas', '@napi-rs/webcodecs']

/** One import that the rules refuse; `path` is relative to the root, `line` counts from 1. */
export interface Violation {
  path: string
  line: number
  message: string
}

interface Import {
  path: string
  line: number
  /** As written. */
  specifier: string
  /** Path from the root, for a relative import. */
  target?: string
}

/** The room of a path from the root: a folder of `src`, or one of the two files that lie in `src` itself. */
function roomOf(path: string): string | undefined {
  if (path === 'src/errors.ts') return 'errors'
  if (path === 'src/index.ts') return 'index'
  const room = path.match(/^src\/([^/]+)\//)?.[1]
  if (!room || room === 'errors' || room === 'index') return undefined
  return room === 'world' || rooms.includes(room) ? room : undefined
}

function mayImport(from: string, to: string): boolean {
  if (from === to) return true
  if (from === 'world') return worldImports.includes(to)
  if (to === 'world') return worldImporters.includes(from)
  return rooms.indexOf(to) < rooms.indexOf(from)
}

function readImports(root: string, path: string): Import[] {
  const text = readFileSync(join(root, path), 'utf8')
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName, pos }) => ({
    path,
    line: text.slice(0, pos).split('\n').length,
    specifier: fileName,
    target: fileName.startsWith('.') ? posix.join(posix.dirname(path), fileName) : undefined,
  }))
}

/** Why the row of rooms refuses this import, if it does. */
function directionProblem({ path, target }: Import): string | undefined {
  if (!target?.endsWith('.ts')) return undefined
  const from = roomOf(path)
  const to = roomOf(target)
  if (!from) return undefined
  if (!to) return `imports ${target}, which is in no room of src/`
  if (mayImport(from, to)) return undefined
  return `${from} may not import ${to} (${target})`
}

function mustRunInBrowser(path: string): boolean {
  const room = roomOf(path)
  if (!room || !browserRooms.includes(room)) return false
  return !posix.basename(path).startsWith('node-')
}

function isNodeOnly(specifier: string): boolean {
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return true
  return nodePackages.some((name) => specifier === name || specifier.startsWith(`${name}/`))
}

function platformProblem({ path, specifier }: Import): string | undefined {
  if (!mustRunInBrowser(path) || !isNodeOnly(specifier)) return undefined
  return `imports ${specifier}, but ${roomOf(path)} also runs in a browser: put it in a file named node-*.ts`
}

/** One violation per import that closes a circle, found by depth-first search. */
function findCycles(files: string[], imports: Import[]): Violation[] {
  const byFile = new Map(files.map((path) => [path, imports.filter((entry) => entry.path === path)]))
  const finished = new Set<string>()
  const trail: string[] = []
  const cycles: Violation[] = []
  const visit = (path: string): void => {
    trail.push(path)
    for (const { target, line } of byFile.get(path) ?? []) {
      if (!target || !byFile.has(target) || finished.has(target)) continue
      const start = trail.indexOf(target)
      if (start < 0) visit(target)
      else cycles.push({ path, line, message: `closes a circle: ${[...trail.slice(start), target].join(' -> ')}` })
    }
    trail.pop()
    finished.add(path)
  }
  for (const path of byFile.keys()) if (!finished.has(path)) visit(path)
  return cycles
}

/** Of what measures, only that its imports make no circles. */
function circlesIn(root: string, folder: string): Violation[] {
  const files = listSources(root, folder)
  return findCycles(
    files,
    files.flatMap((path) => readImports(root, path)),
  )
}

/** Every refused import under `root/src`, by file and line, and how many imports were looked at. */
export function checkImports(root: string): { files: number; imports: number; violations: Violation[] } {
  const files = listSources(root, 'src')
  const imports = files.flatMap((path) => readImports(root, path))
  const homeless = files.filter((path) => !roomOf(path))
  const violations: Violation[] = [
    ...homeless.map((path) => ({ path, line: 1, message: 'is in no room: src/ holds rooms, errors.ts and index.ts' })),
    ...imports.flatMap((entry) =>
      [directionProblem(entry), platformProblem(entry)]
        .filter((message) => message !== undefined)
        .map((message) => ({ path: entry.path, line: entry.line, message })),
    ),
    ...findCycles(files, imports),
    ...circlesIn(root, 'bench'),
  ]
  violations.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line))
  return { files: files.length, imports: imports.length, violations }
}

if (isEntry(import.meta.url)) {
  const { files, imports, violations } = checkImports(process.argv[2] ?? '.')
  for (const { path, line, message } of violations) console.log(`${path}:${line}  ${message}`)
  if (violations.length > 0) process.exitCode = 1
  else console.log(`imports: ${imports} in ${files} files, all point the right way`)
}
