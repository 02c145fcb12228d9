/** The registries that are written from folders: which there are, what stands in them, and what their files say. */
import { posix } from 'node:path'
import ts from 'typescript'
import { listSources, parseSource } from './sources.ts'

/**
 * One generated list, written to `output`: every exported const under `folder` that is made by a call of `marker`, or
 * of a function of that folder which returns such a call.
 */
export interface Registry {
  folder: string
  marker: string
  output: string
  /** The const that `output` exports. */
  name: string
  /**
   * An array; an object keyed by export name, beside which its members are exported one by one; or an array of
   * `{ name, summary, load }`, whose entries are imported when they are needed.
   */
  form: 'array' | 'object' | 'lazy'
}

/** A file that exports what all files of a folder export, but for what is marked `@internal`, a file or an export. */
export interface Barrel {
  folder: string
  output: string
  /** What the folder is, as a comment at the top. */
  title: string
}

export const barrels: Barrel[] = [
  {
    folder: 'src/tensor',
    output: 'src/tensor/index.ts',
    title: '/** Symbolic tensors: tracing a program, its gradients, its reference values. */',
  },
]

export const registries: Registry[] = [
  {
    folder: 'src/tensor/ops',
    marker: 'op',
    output: 'src/tensor/ops/index.generated.ts',
    name: 'ops',
    form: 'object',
  },
  {
    folder: 'src/models',
    marker: 'family',
    output: 'src/models/index.generated.ts',
    name: 'families',
    form: 'array',
  },
  {
    folder: 'src/models/language',
    marker: 'language',
    output: 'src/models/language/index.generated.ts',
    name: 'languages',
    form: 'array',
  },
  {
    folder: 'src/models/vision',
    marker: 'towerKind',
    output: 'src/models/vision/index.generated.ts',
    name: 'towerKinds',
    form: 'array',
  },
  {
    folder: 'src/models/dual',
    marker: 'dualFamily',
    output: 'src/models/dual/index.generated.ts',
    name: 'dualFamilies',
    form: 'array',
  },
  {
    folder: 'src/papers',
    marker: 'paper',
    output: 'src/papers/index.generated.ts',
    name: 'papers',
    form: 'array',
  },
  {
    folder: 'src/cli/commands',
    marker: 'command',
    output: 'src/cli/commands/index.generated.ts',
    name: 'commands',
    form: 'lazy',
  },
]

interface Entry {
  path: string
  name: string
  made: ts.CallExpression
}

const lineWidth = 120

function isExported(statement: ts.VariableStatement): boolean {
  return statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false
}

/** Looks through `as`, `satisfies` and parentheses. */
function bareExpression(node: ts.Expression): ts.Expression {
  const wrapped = ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)
  return wrapped ? bareExpression(node.expression) : node
}

function isCallOf(makers: Set<string>, node: ts.Expression | undefined): boolean {
  if (!node) return false
  const expression = bareExpression(node)
  return ts.isCallExpression(expression) && makers.has(expression.expression.getText())
}

/** What a function gives back: the expression of an arrow, or of each of its own return statements. */
function returnedExpressions(body: ts.Node): ts.Expression[] {
  if (!ts.isBlock(body)) return [body as ts.Expression]
  const found: ts.Expression[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isReturnStatement(node) && node.expression) found.push(node.expression)
    if (!ts.isFunctionLike(node)) ts.forEachChild(node, visit)
  }
  ts.forEachChild(body, visit)
  return found
}

/** The functions that stand at the top level of a file, by name: declarations and arrows given to a const. */
function topLevelFunctions(source: ts.SourceFile): { name: string; body: ts.Node }[] {
  return source.statements.flatMap((statement) => {
    if (ts.isFunctionDeclaration(statement) && statement.name && statement.body) {
      return [{ name: statement.name.text, body: statement.body }]
    }
    if (!ts.isVariableStatement(statement)) return []
    return statement.declarationList.declarations.flatMap(({ name, initializer }) =>
      initializer && ts.isArrowFunction(initializer) ? [{ name: name.getText(), body: initializer.body }] : [],
    )
  })
}

/** The marker and, by name, every function of the folder that returns what a call of the marker made. */
function findMakers(sources: ts.SourceFile[], marker: string): Set<string> {
  const makers = new Set([marker])
  const functions = sources.flatMap(topLevelFunctions)
  let known: number
  do {
    known = makers.size
    for (const { name, body } of functions) {
      if (returnedExpressions(body).some((expression) => isCallOf(makers, expression))) makers.add(name)
    }
  } while (makers.size > known)
  return makers
}

function entriesOf(source: ts.SourceFile, makers: Set<string>): Entry[] {
  const statements = source.statements.filter(ts.isVariableStatement).filter(isExported)
  return statements
    .flatMap((statement) => [...statement.declarationList.declarations])
    .filter((declaration) => isCallOf(makers, declaration.initializer))
    .map(({ name, initializer }) => ({
      path: source.fileName,
      name: name.getText(),
      made: bareExpression(initializer!) as ts.CallExpression,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function refuseDuplicates(entries: Entry[], registry: Registry): void {
  const pathOf = new Map<string, string>()
  for (const { name, path } of entries) {
    const other = pathOf.get(name)
    if (other) throw new Error(`${registry.output}: ${other} and ${path} both export ${name}; rename one of them`)
    pathOf.set(name, path)
  }
}

/** `before item, item after` on one line where that fits, and one item a line where it does not, as Biome has it. */
function wrapList(before: string, items: string[], after: string, padding: string): string {
  const oneLine = `${before}${padding}${items.join(', ')}${padding}${after}`
  if (oneLine.length <= lineWidth) return oneLine
  return [before, ...items.map((item) => `  ${item},`), after].join('\n')
}

function importLine(path: string, names: string[], output: string): string {
  return wrapList('import {', names, `} from './${posix.relative(posix.dirname(output), path)}'`, ' ')
}

function exportLine({ name, form }: Registry, names: string[]): string {
  if (form === 'array') return wrapList(`export const ${name} = [`, names, ']', '')
  const record = [`export const ${name} = {`, ...names.map((entry) => `  ${entry},`), '}'].join('\n')
  return `${wrapList('export {', names, '}', ' ')}\n\n${record}`
}

/** The value of a property that an entry states as a plain string. */
function statedString({ path, name, made }: Entry, key: string): string {
  const [stated] = made.arguments
  const properties =
    stated && ts.isObjectLiteralExpression(stated) ? stated.properties.filter(ts.isPropertyAssignment) : []
  const value = properties.find((property) => property.name.getText() === key)?.initializer
  if (value && ts.isStringLiteral(value)) return value.text
  throw new Error(`${path}: ${name} must state its ${key} as a plain string; the registry quotes it`)
}

/** A string as Biome quotes it: in single quotes unless those would need escaping. */
function quote(text: string): string {
  if (text.includes("'") && !text.includes('"')) return JSON.stringify(text)
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

function lazyLines(registry: Registry, entries: Entry[]): string[] {
  const lines = entries.flatMap((entry) => [
    '  {',
    `    name: ${quote(statedString(entry, 'name'))},`,
    `    summary: ${quote(statedString(entry, 'summary'))},`,
    `    load: () => import('./${posix.relative(posix.dirname(registry.output), entry.path)}').then((file) => file.${entry.name}),`,
    '  },',
  ])
  return [`export const ${registry.name} = [`, ...lines, ']']
}

/**
 * The text that `registry.output` should have, or undefined when nothing is there to list.
 * Throws when two files export the same name.
 */
export function renderRegistry(root: string, registry: Registry): string | undefined {
  const paths = listSources(root, registry.folder).filter((path) => !path.endsWith('.generated.ts'))
  const sources = paths.map((path) => parseSource(root, path))
  const makers = findMakers(sources, registry.marker)
  const entries = sources.flatMap((source) => entriesOf(source, makers))
  refuseDuplicates(entries, registry)
  if (entries.length === 0) return undefined
  const namesIn = (path: string) => entries.filter((entry) => entry.path === path).map(({ name }) => name)
  const listed = paths.filter((path) => namesIn(path).length > 0)
  const head = '// Generated by npm run generate; do not edit.'
  if (registry.form === 'lazy') return [head, ...lazyLines(registry, entries), ''].join('\n')
  return [
    head,
    ...listed.map((path) => importLine(path, namesIn(path), registry.output)),
    '',
    exportLine(registry, listed.flatMap(namesIn)),
    '',
  ].join('\n')
}

const isInternal = (node: ts.Node): boolean => ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal')

/** What a file exports, by name, and which of it is for its own folder only. */
function exportsOf(source: ts.SourceFile): { name: string; isType: boolean; internal: boolean }[] {
  return source.statements.flatMap((statement) => {
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    if (!isExported) return []
    const internal = isInternal(statement)
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.map(({ name }) => ({
        name: name.getText(),
        isType: false,
        internal,
      }))
    const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)
    const { name } = statement as ts.FunctionDeclaration | ts.InterfaceDeclaration
    return name ? [{ name: name.text, isType, internal }] : []
  })
}

/** The text that `barrel.output` should have, or undefined when nothing is there to export. */
export function renderBarrel(root: string, { folder, output, title }: Barrel): string | undefined {
  const paths = listSources(root, folder).filter((path) => path !== output && !path.endsWith('.generated.ts'))
  const lines = paths.flatMap((path) => {
    const source = parseSource(root, path)
    if (/^\/\*\* @internal(?:(?!\*\/)[\s\S])*\*\/\n\n/.test(source.text)) return [] // a comment of the whole file
    const found = exportsOf(source)
    const from = `'./${posix.relative(posix.dirname(output), path)}'`
    if (found.every(({ internal }) => !internal)) return [`export * from ${from}`]
    const shown = found
      .filter(({ internal }) => !internal)
      .sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
    return [
      wrapList(
        'export {',
        shown.map(({ name, isType }) => `${isType ? 'type ' : ''}${name}`),
        `} from ${from}`,
        ' ',
      ),
    ]
  })
  if (lines.length === 0) return undefined
  return [title, '// Generated by npm run generate; do not edit.', ...lines, ''].join('\n')
}
