import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runChild } from '../../bench/peers/child.ts'
import type { Compared } from '../../bench/peers/compared.ts'
import { type Entry, header, matrix, vector, writeGguf } from '../../bench/peers/gguf/file.ts'
import { languageEntries, languageTensors } from '../../bench/peers/gguf/language.ts'
import { patchesPerView, visionEntries, visionTensors } from '../../bench/peers/gguf/vision.ts'
import { vocabularyEntries } from '../../bench/peers/gguf/vocabulary.ts'
import { type Results, runJobs } from '../../bench/peers/job.ts'
import { photograph, questionSize } from '../../bench/peers/question.ts'
import { copyFromPool } from '../../bench/peers/random-pool.ts'
import { modelSection, withSections } from '../../bench/peers/section.ts'
import { compared } from '../../bench/peers/shapes.ts'
import { ratios } from '../../bench/peers/tables.ts'
import { readGguf } from './read-gguf.ts'

const [smolvlm, onevision, llava7b] = compared
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-peers-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('GGUF files', () => {
  const entries: Entry[] = [
    ['general.architecture', 'text', 'clip'],
    ['general.alignment', 'u32', 32],
    ['clip.use_gelu', 'bool', true],
    ['clip.vision.image_mean', 'f32', [0.5, 0.25]],
    ['tokenizer.ggml.tokens', 'text', ['a', 'Ġb']],
  ]

  it('hold keys, names, shapes and offsets as they were given', () => {
    const tensors = [vector('norm.weight', 3), matrix('up', 64, 5, 'Q8_0'), matrix('down', 5, 64, 'Q8_0')]
    const { keys, tensors: found, size } = readGguf(header(entries, tensors))
    expect(keys).toEqual(Object.fromEntries(entries.map(([key, , value]) => [key, value])))
    expect(found).toEqual([
      { name: 'norm.weight', shape: [3], type: 0, offset: 0 },
      { name: 'up.weight', shape: [64, 5], type: 8, offset: 32 },
      { name: 'down.weight', shape: [5, 64], type: 1, offset: 32 + 352 }, // rows of 5 are not whole blocks
    ])
    expect(size % 32).toBe(0)
  })

  it('are written once, norms 1, blocks with a scale each', async () => {
    const path = join(folder, 'small.gguf')
    await writeGguf(path, entries, [vector('norm.weight', 2), vector('up.bias', 2), matrix('up', 32, 2, 'Q4_0')])
    const bytes = await readFile(path)
    const start = readGguf(bytes).size
    const floats = (at: number) => [bytes.readFloatLE(start + at), bytes.readFloatLE(start + at + 4)]
    expect([floats(0), floats(32)]).toEqual([
      [1, 1],
      [0, 0],
    ])
    expect([bytes.readUInt16LE(start + 64), bytes.readUInt16LE(start + 64 + 18)]).toEqual([0x211f, 0x211f])
    const { mtimeMs } = await stat(path)
    await writeGguf(path, [], [])
    expect((await stat(path)).mtimeMs).toBe(mtimeMs)
  })

  it('of the language side have an output where it is not tied, biases where it has them', () => {
    const names = (model: typeof smolvlm) =>
      languageTensors(model.checkpoint.config.text_config, 'Q4_0').map(({ name }) => name)
    expect(names(smolvlm)).not.toContain('output.weight')
    expect(names(llava7b)).toContain('output.weight')
    expect(names(onevision)).toContain('blk.23.attn_k.bias')
    const keys = new Map(
      languageEntries(onevision.checkpoint.config.text_config, 'Q8_0').map(([key, , value]) => [key, value]),
    )
    expect(keys.get('qwen2.attention.head_count_kv')).toBe(2)
    expect(keys.get('general.file_type')).toBe(7)
  })

  it('of the vision side name what the projector of the model needs', () => {
    const shapes = (model: typeof smolvlm) =>
      new Map(visionTensors(model, 'F16').map(({ name, shape }) => [name, shape] as const))
    expect(shapes(smolvlm).get('mm.model.fc.weight')).toEqual([768 * 16, 576])
    expect(shapes(smolvlm).get('v.position_embd.weight')).toEqual([768, 1024])
    expect(shapes(onevision).get('mm.2.weight')).toEqual([896, 896])
    expect(shapes(onevision).has('v.post_ln.weight')).toBe(false)
    expect(shapes(llava7b).get('v.position_embd.weight')).toEqual([1024, 577])
    const keys = (model: typeof smolvlm) => new Map(visionEntries(model, 'F16').map(([key, , value]) => [key, value]))
    expect(keys(smolvlm).get('clip.vision.preproc_image_size')).toBe(2048)
    expect(keys(onevision).get('clip.vision.feature_layer')).toEqual([26])
    expect(keys(llava7b).get('clip.vision.feature_layer')).toEqual([23])
    expect(compared.map(patchesPerView)).toEqual([1024, 729, 576])
  })

  it('share the vocabulary of the checkpoint, with a token for an empty line', async () => {
    const entries = await vocabularyEntries('tests/fixtures/families/smolvlm/tokenizer.json', 1024)
    const value = (key: string) => entries.find(([name]) => name === `tokenizer.ggml.${key}`)![2] as readonly unknown[]
    expect(value('tokens')[641]).toBe('<global-img>')
    expect([value('token_type')[641], value('token_type')[5], value('token_type')[1000]]).toEqual([3, 1, 5])
    expect(value('tokens')[1023]).toBe('ĊĊ')
    expect(value('merges')).toEqual(expect.arrayContaining([expect.stringMatching(/^\S+ \S+$/)]))
  })
})

describe('the question', () => {
  it('takes the tokens that the family would lay out', async () => {
    expect(await questionSize(smolvlm, 'tests/fixtures/families/smolvlm')).toEqual({ views: 13, visual: 832, text: 56 })
    expect(await questionSize(onevision, 'models/fovea-mini')).toEqual({ views: 5, visual: 3645, text: 12 })
  })

  it('is about an image that its seed decides', () => {
    const size = { width: 8, height: 4 }
    expect(photograph(1, size)).toEqual(photograph(1, size))
    expect(photograph(1, size).data).not.toEqual(photograph(2, size).data)
    expect(photograph(1, size).data).toHaveLength(96)
  })
})

it('random weights are copied from a pool until it ends, and again from its beginning', () => {
  const bytes = new Uint8Array(7)
  copyFromPool(bytes, Uint8Array.of(1, 2, 3, 4, 5, 6), 0, 1)
  expect([...bytes]).toEqual([1, 2, 3, 4, 5, 6, 1])
  copyFromPool(bytes, Uint8Array.of(1, 2, 3, 4, 5, 6), 1, 1)
  expect([...bytes]).toEqual([5, 6, 1, 2, 3, 4, 5])
})

describe('jobs', () => {
  const load = { engine: 'one', warm: 5 }

  it('that fail become rows that say why, and the others go on', async () => {
    const said: string[] = []
    const jobs = [
      { name: 'broken', run: () => Promise.reject(new Error('no such file')) },
      { name: 'one', run: async () => ({ load }) },
    ]
    const results = await runJobs(jobs, (line) => said.push(line))
    expect(results).toEqual({
      loads: [load],
      texts: [],
      questions: [],
      skipped: [{ name: 'broken', skipped: 'no such file' }],
    })
    expect(said).toEqual(['broken, 0 s: no such file', 'one, 0 s'])
  })

  it('take turns with texts, whose rounds count together; those that fail have one turn', async () => {
    const said: string[] = []
    const text = (engine: string, times: number[]) => ({
      name: `${engine}, text`,
      inTurns: true,
      run: async () => {
        const milliseconds = times.shift()
        if (milliseconds === undefined) throw new Error('no more')
        const rounds = { 200: [milliseconds] }
        return { text: { engine, prefill: rounds, decode: rounds, vision: [1], memory: milliseconds } }
      },
    })
    const { texts } = await runJobs([text('a', [1, 5, 3]), text('b', [2, 4, 6]), text('c', [])], (line) =>
      said.push(line.slice(0, 1)),
    )
    expect(texts).toEqual([
      { engine: 'a', prefill: { 200: [1, 5, 3] }, decode: { 200: [1, 5, 3] }, vision: [1, 1, 1], memory: 5 },
      { engine: 'b', prefill: { 200: [2, 4, 6] }, decode: { 200: [2, 4, 6] }, vision: [1, 1, 1], memory: 6 },
    ])
    expect(said.join('')).toBe('abcabab')
  })

  it('run in processes of their own: their last line counts, their error is named', async () => {
    const node = (code: string, minutes?: number) =>
      runChild({ script: ['-e', code], command: [process.execPath], minutes })
    expect(await node('console.log("loading"); console.log(JSON.stringify({ ttft: [1] }))')).toEqual({ ttft: [1] })
    await expect(node('throw new RangeError("too long")')).rejects.toThrow('RangeError: too long')
    await expect(node('process.exit(7)')).rejects.toThrow('ended with 7')
    await expect(node('process.kill(process.pid, "SIGSEGV")')).rejects.toThrow('ended by SIGSEGV')
    await expect(node('setTimeout(() => {}, 60000)', 0.01)).rejects.toThrow('took more than 0.01 minutes')
  })
})

describe('the tables', () => {
  const question = { views: 13, visual: 832, last: 832, text: 56, stages: {}, memory: 2 ** 30 }
  const results: Results = {
    texts: [],
    loads: [{ engine: 'Fovea int8', cold: 40_000, coldMemory: 2 ** 30, warm: 700 }],
    questions: [
      { ...question, engine: 'Fovea int8', method: 'dense', ttft: [8000, 8200, 7800] },
      { ...question, engine: 'Fovea int8', method: 'fastv:keep=.25', last: 208, ttft: [6000] },
      { ...question, engine: 'Fovea int8', method: 'resize:keep=.25', visual: 208, last: 208, ttft: [2500] },
      { ...question, engine: 'llama.cpp Q4_0', method: 'dense', ttft: [14_000], parts: 'vision and prefill' },
      { ...question, engine: 'llama.cpp Q8_0', method: 'dense', ttft: [11_000], parts: 'vision and prefill' },
    ],
    skipped: [{ name: 'PyTorch fp32, question', skipped: 'python3 has no torch' }],
  }

  const run = { date: '2026-01-01', machine: 'a machine', load: 0, repeat: 5, minutes: 8 }

  it('set the fastest quarter against the fastest peer, bound or measured', () => {
    const [quarter, dense] = ratios(results)
    expect(quarter).toMatchObject({ value: 4.4, target: { atLeast: 4 }, note: 'Fovea int8, resize:keep=.25' })
    expect(quarter.name).toContain('llama.cpp Q8_0 dense, put together')
    expect(dense).toMatchObject({ value: 11 / 8, note: 'Fovea int8, dense' })
    const whole = { ...question, engine: 'llama.cpp Q4_0', method: 'dense', ttft: [15_000] }
    const [measured] = ratios({ ...results, questions: [...results.questions, whole] })
    expect(measured).toMatchObject({ value: 6, name: expect.stringMatching(/over llama.cpp Q4_0 dense$/) })
  })

  it('are written with what was met, and what was not measured', () => {
    const section = modelSection(smolvlm, run, results)
    expect(section).toContain('| llama.cpp Q8_0 | dense | 13 | 832 | 56 | about 11.00 s |')
    expect(section).toContain('| Fovea int8 | fastv:keep=.25 | 13 | 832, 208 in the last layer | 56 | 6.00 s |')
    expect(section).toContain('| Fovea int8 | 40.00 s | 1024 MiB | 0.70 s |')
    expect(section).toContain('4.40 x (Fovea int8, resize:keep=.25), target 4: met')
    expect(section).toContain('- PyTorch fp32, question: not measured, python3 has no torch')
  })

  it('replace those of their model in the document, and leave the others', () => {
    const section = (model: Compared, date: string) => modelSection(model, { ...run, date }, results)
    const other = section(onevision, 'yesterday')
    const first = withSections(`# Benchmarks\n\ntable\n`, [section(smolvlm, 'yesterday'), other])
    const second = withSections(first, [section(smolvlm, 'today')])
    expect(second).toBe(first.replace(section(smolvlm, 'yesterday'), section(smolvlm, 'today')))
    expect(second).toMatch(/^# Benchmarks\n\ntable\n\n## Beside other engines\n\n### SmolVLM/)
    expect(second.indexOf(other)).toBeGreaterThan(second.indexOf('today'))
    expect(second.match(/How to read/g)).toHaveLength(1)
  })
})

it('the command lists its jobs, and refuses models and jobs that it does not have', async () => {
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', 'bench/peers/run.ts', ...args])
  const listed = await run('--list', '--model', 'llava-7b', '--only', 'llama.cpp')
  expect(listed.stdout.trim().split('\n')).toEqual([
    'llava-7b: llama.cpp Q4_0, text',
    'llava-7b: llama.cpp Q4_0, question',
    'llava-7b: llama.cpp Q4_0, parts of the question',
  ])
  await expect(run('--model', 'clip')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('"clip"') })
  await expect(run('--only', 'vllm')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('see --list') })
})
