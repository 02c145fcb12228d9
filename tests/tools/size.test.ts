import { describe, expect, it } from 'vitest'
import { checkSize } from '../../tools/size.ts'
import { runTool, temporaryTree } from './workspace.ts'

/** Source of a function that is `lines` long. */
function functionOf(lines: number, name = 'f'): string {
  return `export function ${name}() {\n${'  void 0\n'.repeat(lines - 2)}}\n`
}

describe('the size check', () => {
  it('counts lines of files and of functions that span several, nested ones too', () => {
    const root = temporaryTree({
      'src/nn/a.ts': `${functionOf(10)}export const g = () => 1\nexport const h = {\n  k() {\n    return 1\n  },\n}\n`,
      'src/nn/b.ts': `/** Not counted. */\nexport const outer = () => {\n  return () => {\n    return 1\n  }\n}\n`,
    })
    const { files, functions, problems } = checkSize(root)
    expect(files).toEqual([
      { where: 'src/nn/a.ts', lines: 16 },
      { where: 'src/nn/b.ts', lines: 6 },
    ])
    expect(functions).toEqual([
      { where: 'src/nn/a.ts:1 f', lines: 10 },
      { where: 'src/nn/a.ts:13 k', lines: 3 },
      { where: 'src/nn/b.ts:2 outer', lines: 5 },
      { where: 'src/nn/b.ts:3 (anonymous)', lines: 3 },
    ])
    expect(problems).toEqual([])
  })

  it('refuses a function over 80 lines and a file over 400', () => {
    const many = Array.from({ length: 20 }, (_, at) => functionOf(5, `f${at}`)).join('')
    const root = temporaryTree({
      'src/nn/giant.ts': many + functionOf(81, 'giant'),
      'src/nn/long.ts': '// line\n'.repeat(401),
      'src/nn/short.ts': '',
      'src/nn/small.ts': '',
      'src/nn/list.generated.ts': '// line\n'.repeat(1000),
    })
    expect(checkSize(root).problems).toEqual([
      'src/nn/long.ts: 401 lines, a file may have 400; split it by meaning',
      'src/nn/giant.ts:101 giant: 81 lines, a function may have 80; split it by meaning',
    ])
  })

  it('refuses a median file over 120 lines and a p90 function over 40', () => {
    const root = temporaryTree({ 'src/nn/a.ts': functionOf(41) + '// line\n'.repeat(80) })
    expect(checkSize(root).problems).toEqual([
      'files: the median is 121 lines, the limit 120',
      'functions: p90 is 41 lines, the limit 40',
    ])
  })

  it('prints a table and exits with 1 over a limit', () => {
    const root = temporaryTree({ 'src/nn/a.ts': functionOf(100) })
    const { status, stdout } = runTool('size', root)
    expect(stdout).toContain('functions        1     100     100     100\n')
    expect(stdout).toContain('   100  src/nn/a.ts:1 f\n')
    expect(status).toBe(1)
  })
})
