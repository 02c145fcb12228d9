import { describe, expect, it } from 'vitest'
import { checkImports } from '../../tools/imports.ts'
import { runTool, temporaryTree } from './workspace.ts'

/** The refusals among `files`, as `file:line message`. */
function violationsOf(files: Record<string, string>): string[] {
  const { violations } = checkImports(temporaryTree(files))
  return violations.map(({ path, line, message }) => `${path}:${line} ${message}`)
}

describe('the import check', () => {
  it('lets imports point to earlier rooms and to the same one', () => {
    const files = {
      'src/errors.ts': 'export const a = 1\n',
      'src/tensor/tensor.ts': `import { a } from '../errors.ts'\nexport const b = a\n`,
      'src/nn/linear.ts': `import { b } from '../tensor/tensor.ts'\nimport { z } from 'zod'\nexport { b, z }\n`,
      'src/nn/mlp.ts': `export * from './linear.ts'\n`,
      'src/training/loop.ts': `import { w } from '../world/scene.ts'\nexport { w }\n`,
      'src/world/scene.ts': `import { a } from '../errors.ts'\nexport const w = a\n`,
      'src/index.ts': `export * from './training/loop.ts'\n`,
    }
    expect(violationsOf(files)).toEqual([])
  })

  it('names the line of an import that points to a later room, type-only and dynamic ones too', () => {
    const files = {
      'src/tensor/a.ts': `import './b.ts'\nimport type { Linear } from '../nn/linear.ts'\nexport type { Linear }\n`,
      'src/tensor/b.ts': `\n\nexport const load = () => import('../nn/linear.ts')\n`,
      'src/nn/linear.ts': 'export interface Linear { a: 1 }\n',
    }
    expect(violationsOf(files)).toEqual([
      'src/tensor/a.ts:2 tensor may not import nn (src/nn/linear.ts)',
      'src/tensor/b.ts:3 tensor may not import nn (src/nn/linear.ts)',
    ])
  })

  it('finds circles in what measures, too', () => {
    const files = {
      'src/errors.ts': '',
      'bench/a.ts': `import './peers/b.ts'\n`,
      'bench/peers/b.ts': `import type { A } from '../a.ts'\n`,
    }
    expect(violationsOf(files)).toEqual([
      'bench/peers/b.ts:1 closes a circle: bench/a.ts -> bench/peers/b.ts -> bench/a.ts',
    ])
  })

  it('keeps world apart', () => {
    const files = {
      'src/world/scene.ts': `import '../tensor/tensor.ts'\n`,
      'src/pipeline/run.ts': `import '../world/scene.ts'\n`,
      'src/tensor/tensor.ts': '',
    }
    expect(violationsOf(files)).toEqual([
      'src/pipeline/run.ts:1 pipeline may not import world (src/world/scene.ts)',
      'src/world/scene.ts:1 world may not import tensor (src/tensor/tensor.ts)',
    ])
  })

  it('keeps Node out of what runs in a browser, but for node-*.ts', () => {
    const browser = 'also runs in a browser: put it in a file named node-*.ts'
    const files = {
      'src/tensor/a.ts': `import { readFileSync } from 'node:fs'\n`,
      'src/nn/b.ts': `import path from 'path'\n`,
      'src/pipeline/c.ts': `import { InferenceSession } from 'onnxruntime-node'\n`,
      'src/world/draw.ts': `import sharp from 'sharp'\n`,
      'src/world/node-canvas.ts': `import { createCanvas } from '@napi-rs/canvas'\n`,
      'src/runtime/session.ts': `import { Worker } from 'node:worker_threads'\n`,
    }
    expect(violationsOf(files)).toEqual([
      `src/nn/b.ts:1 imports path, but nn ${browser}`,
      `src/pipeline/c.ts:1 imports onnxruntime-node, but pipeline ${browser}`,
      `src/tensor/a.ts:1 imports node:fs, but tensor ${browser}`,
      `src/world/draw.ts:1 imports sharp, but world ${browser}`,
    ])
  })

  it('finds circles between files and shows the way round', () => {
    const files = {
      'src/nn/a.ts': `import './b.ts'\n`,
      'src/nn/b.ts': `import './c.ts'\n`,
      'src/nn/c.ts': `\nimport './b.ts'\n`,
    }
    expect(violationsOf(files)).toEqual(['src/nn/c.ts:2 closes a circle: src/nn/b.ts -> src/nn/c.ts -> src/nn/b.ts'])
  })

  it('refuses files without a room and imports of the command line or from outside src', () => {
    const files = {
      'src/helpers.ts': '',
      'src/misc/a.ts': '',
      'src/index.ts': `import './cli/main.ts'\n`,
      'src/cli/main.ts': `import '../../tools/new.ts'\n`,
    }
    expect(violationsOf(files)).toEqual([
      'src/cli/main.ts:1 imports tools/new.ts, which is in no room of src/',
      'src/helpers.ts:1 is in no room: src/ holds rooms, errors.ts and index.ts',
      'src/index.ts:1 index may not import cli (src/cli/main.ts)',
      'src/misc/a.ts:1 is in no room: src/ holds rooms, errors.ts and index.ts',
    ])
  })

  it('exits with 1 and one line per violation', () => {
    const root = temporaryTree({ 'src/tensor/a.ts': `import '../nn/b.ts'\n`, 'src/nn/b.ts': '' })
    const { status, stdout } = runTool('imports', root)
    expect(stdout).toBe('src/tensor/a.ts:1  tensor may not import nn (src/nn/b.ts)\n')
    expect(status).toBe(1)
  })
})
