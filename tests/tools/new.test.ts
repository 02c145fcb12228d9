import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { scaffold } from '../../tools/new.ts'
import { runTool, temporaryTree } from './workspace.ts'

/** What the compiler says about `paths` under `root`, with the settings of this repository. */
function typeErrors(root: string, paths: string[]): string[] {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, root)
  const program = ts.createProgram(
    paths.map((path) => join(root, path)),
    options,
  )
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

/** A copy of the named parts of `src/` beside this repository's dependencies. */
function copyOfSource(...parts: string[]): string {
  const root = temporaryTree({})
  for (const part of parts) cpSync(join('src', part), join(root, 'src', part), { recursive: true })
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'))
  return root
}

/** What the types of a method reach into. */
const roomsOfMethods = ['tensor', 'runtime', 'nn', 'media', 'text', 'checkpoints', 'models', 'pipeline']

/** What a recipe reaches into beside it. */
const roomsBelowPapers = [
  ...roomsOfMethods,
  'hub',
  'world',
  'quantization',
  'embedding',
  'loading',
  'training',
  'evaluation',
]

/** What a paper is declared with. */
const reportFiles = ['lab', 'leaf', 'row', 'writer'].map((name) => `papers/reports/${name}.ts`)
const paperFiles = ['errors.ts', 'papers/paper.ts', ...reportFiles]

describe('the scaffold', () => {
  it('writes a paper and its test that type-check, and lists the paper', () => {
    const root = copyOfSource(...paperFiles, ...roomsBelowPapers)
    const written = scaffold(root, 'reducer', 'look-twice')
    expect(written).toEqual([
      'src/papers/reducer/look-twice.ts',
      'tests/papers/reducer/look-twice.test.ts',
      'src/papers/index.generated.ts',
    ])
    expect(readFileSync(join(root, written[2]), 'utf8')).toContain('export const papers = [lookTwice]')
    expect(typeErrors(root, written)).toEqual([])
  })

  it('writes a connector with a recipe, of at most 60 lines, that type-checks', () => {
    const root = copyOfSource(...paperFiles, ...roomsBelowPapers)
    const written = scaffold(root, 'trained-connector', 'look-small')
    expect(written[0]).toBe('src/papers/connector/look-small.ts')
    expect(readFileSync(join(root, written[0]), 'utf8').split('\n').length).toBeLessThanOrEqual(61)
    expect(
      typeErrors(
        root,
        written.filter((path) => path.startsWith('src/')),
      ),
    ).toEqual([])
  })

  it('writes an op and its test that type-check, and lists the op', () => {
    const root = copyOfSource('errors.ts', 'tensor')
    const written = scaffold(root, 'op', 'pass-through')
    expect(written).toContain('tests/tensor/ops/pass-through.test.ts')
    expect(readFileSync(join(root, 'src/tensor/ops/index.generated.ts'), 'utf8')).toContain('  passThrough,\n')
    expect(typeErrors(root, written)).toEqual([])
  })

  it('writes a model family and its test that type-check, and lists the family', () => {
    const root = copyOfSource('errors.ts', ...roomsOfMethods)
    const written = scaffold(root, 'model', 'vlm/look-twice')
    expect(readFileSync(join(root, written[2]), 'utf8')).toContain('lookTwice')
    expect(typeErrors(root, written)).toEqual([])
  })

  it('writes commands, whose names may be reserved words, and models, in the folder of their kind', () => {
    const root = temporaryTree({})
    expect(scaffold(root, 'command', 'export')).toContain('src/cli/commands/export.ts')
    expect(readFileSync(join(root, 'src/cli/commands/export.ts'), 'utf8')).toContain('export const exportCommand = ')
    expect(scaffold(root, 'model', 'vlm/qwen2-vl')).toEqual([
      'src/models/vlm/qwen2-vl.ts',
      'tests/models/vlm/qwen2-vl.test.ts',
      'src/models/index.generated.ts',
    ])
  })

  it.each([
    ['reducer', 'FastV', 'no valid name'],
    ['reducer', '../fastv', 'has a folder'],
    ['reducer', 'fast--v', 'no valid name'],
    ['reducer', '2x', 'no valid name'],
    ['op', 'switch', 'reserved word'],
    ['model', 'llava', 'write vision/llava or language/llava'],
    ['model', '../llava', 'names no folder'],
    ['toString', 'a', 'unknown kind'],
    ['method', 'fastv', 'unknown kind "method"'],
  ])('refuses %s %s', (kind, name, message) => {
    const root = temporaryTree({})
    expect(() => scaffold(root, kind, name)).toThrow(message)
    expect(readdirSync(root)).toEqual([])
  })

  it('never overwrites, not even a test without a source', () => {
    const root = temporaryTree({ 'tests/papers/reducer/fastv.test.ts': 'kept' })
    expect(() => scaffold(root, 'reducer', 'fastv')).toThrow('tests/papers/reducer/fastv.test.ts exists')
    expect(existsSync(join(root, 'src'))).toBe(false)
  })

  it('prints what it wrote, and exits with 2 on a refusal', () => {
    const root = temporaryTree({})
    expect(runTool('new', 'agent', 'pro-reason', root).stdout).toContain('wrote src/papers/agent/pro-reason.ts\n')
    const again = runTool('new', 'agent', 'pro-reason', root)
    expect(again.stderr).toBe('src/papers/agent/pro-reason.ts exists; nothing was written\n')
    expect(again.status).toBe(2)
  })
})
