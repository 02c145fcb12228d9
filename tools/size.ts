/**
 * Checks how long files and functions are: `npx tsx tools/size.ts [root]`.
 *
 * Only `src/` counts, without generated files. A function that stands on one line is not counted: it would only pull
 * the median down. A nested function counts by itself and within the one around it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { isEntry } from './entry.ts'
import { listSources, parseSource } from './sources.ts'

const limits = { functionP90: 40, functionMax: 80, fileMedian: 120, fileMax: 400 }

/** A file or a function with its number of lines; `where` is `path` or `path:line name`. */
export interface Measured {
  where: string
  lines: number
}

interface Summary {
  count: number
  median: number
  p90: number
  max: number
}

/** The smallest measured value that at least `share` of all values do not exceed; 0 of nothing. */
function quantile(sorted: number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}

function summarize(measured: Measured[]): Summary {
  const sorted = measured.map(({ lines }) => lines).sort((a, b) => a - b)
  return {
    count: sorted.length,
    median: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    max: quantile(sorted, 1),
  }
}

function measureFile(root: string, path: string): Measured {
  const text = readFileSync(join(root, path), 'utf8')
  return { where: path, lines: text.replace(/\n$/, '').split('\n').length }
}

/** The name that a function carries, or that of the variable or property it is given to. */
function functionName(node: ts.FunctionLikeDeclaration): string {
  if (ts.isConstructorDeclaration(node)) return 'constructor'
  const holder = node.name ?? (node.parent as ts.NamedDeclaration).name
  return holder?.getText() ?? '(anonymous)'
}

function isFunctionWithBody(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined
}

function measureFunctions(root: string, path: string): Measured[] {
  const source = parseSource(root, path)
  const measured: Measured[] = []
  const visit = (node: ts.Node): void => {
    if (isFunctionWithBody(node)) {
      const first = source.getLineAndCharacterOfPosition(node.getStart()).line
      const last = source.getLineAndCharacterOfPosition(node.end).line
      if (last > first) measured.push({ where: `${path}:${first + 1} ${functionName(node)}`, lines: last - first + 1 })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return measured
}

function overLimit(measured: Measured[], max: number, thing: string): string[] {
  return measured
    .filter(({ lines }) => lines > max)
    .map(({ where, lines }) => `${where}: ${lines} lines, a ${thing} may have ${max}; split it by meaning`)
}

/** Files and functions under `root/src` with their sizes, and one message per limit that is exceeded. */
export function checkSize(root: string): { files: Measured[]; functions: Measured[]; problems: string[] } {
  const paths = listSources(root, 'src').filter((path) => !path.endsWith('.generated.ts'))
  const files = paths.map((path) => measureFile(root, path))
  const functions = paths.flatMap((path) => measureFunctions(root, path))
  const problems = [
    ...overLimit(files, limits.fileMax, 'file'),
    ...overLimit(functions, limits.functionMax, 'function'),
  ]
  const median = summarize(files).median
  if (median > limits.fileMedian) problems.push(`files: the median is ${median} lines, the limit ${limits.fileMedian}`)
  const p90 = summarize(functions).p90
  if (p90 > limits.functionP90) problems.push(`functions: p90 is ${p90} lines, the limit ${limits.functionP90}`)
  return { files, functions, problems }
}

function tableRow(name: string, cells: (string | number)[]): string {
  return name.padEnd(10) + cells.map((cell) => String(cell).padStart(8)).join('')
}

function longest(measured: Measured[]): string[] {
  const sorted = measured.toSorted((a, b) => b.lines - a.lines)
  return sorted.slice(0, 5).map(({ where, lines }) => `${String(lines).padStart(6)}  ${where}`)
}

function formatSizes(files: Measured[], functions: Measured[]): string {
  const row = (name: string, { count, median, p90, max }: Summary) => tableRow(name, [count, median, p90, max])
  return [
    tableRow('lines', ['count', 'median', 'p90', 'max']),
    row('files', summarize(files)),
    row('functions', summarize(functions)),
    'longest files',
    ...longest(files),
    'longest functions',
    ...longest(functions),
  ].join('\n')
}

if (isEntry(import.meta.url)) {
  const { files, functions, problems } = checkSize(process.argv[2] ?? '.')
  console.log(formatSizes(files, functions))
  for (const problem of problems) console.log(problem)
  if (problems.length > 0) process.exitCode = 1
}
