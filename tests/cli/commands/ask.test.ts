import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeImage } from '../../../src/media/decode.ts'
import { fovea, startFovea } from '../fovea.ts'
import { TINY_PATCHES, writeSquare, writeTinyModel } from '../tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'fovea-ask-'))
const model = join(folder, 'model')
let image: string
beforeAll(async () => {
  await writeTinyModel(model)
  image = await writeSquare(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Random weights do not end. */
const CUT = 'the answer was cut off after 4 tokens; a larger --max-tokens gives more\n'

const ask = (...args: string[]) => fovea('ask', ...args, '--model', model, '--max-tokens', '4')

describe('fovea ask', () => {
  it('prints the answer, then how many visual tokens it used', async () => {
    const { status, stdout, stderr } = await ask(image, 'what is this?')
    expect(status).toBe(0)
    expect(stderr).toBe(CUT)
    expect(stdout).toMatch(/\n16 visual tokens\n$/)
    const quiet = await ask(image, 'what is this?', '--quiet', '--stats')
    expect(`${quiet.stdout}16 visual tokens\n`).toBe(stdout)
    expect(quiet.stderr.startsWith(CUT)).toBe(true)
    expect(quiet.stderr.slice(CUT.length)).toMatch(
      /^16 visual tokens · \d+ ms \(vision \d+, prefill \d+, decode \d+\) · [\d.]+ MFLOP\n$/,
    )
  })

  it('reads guesses ahead and says what came of them, the answer being the same', async () => {
    const words = 'red blue red blue red blue'
    const [plain, ahead] = await Promise.all([
      ask(image, words, '--json'),
      ask(image, words, '--json', '--speculate', 'prompt-lookup', '--stats'),
    ])
    const [a, b] = [JSON.parse(plain.stdout), JSON.parse(ahead.stdout)]
    expect(b.answer).toBe(a.answer)
    expect(a.speculation).toBeUndefined()
    expect(b.speculation.passes + b.speculation.accepted).toBe(3)
    expect(ahead.stderr).toMatch(/ · \d+ of \d+ guesses said, [\d.]+ passes per token\n$/)
    const other = await ask(image, words, '--speculate', 'draft')
    expect([other.status, other.stderr]).toEqual([2, expect.stringContaining('prompt-lookup')])
  })

  it('reports tokens, FLOPs, times and memory as JSON, with fewer of them under a method', async () => {
    const [whole, half] = await Promise.all([
      ask(image, 'what is this?', '--json'),
      ask(image, 'what is this?', '--json', '--method', 'resize:keep=.25'),
    ])
    const [a, b] = [JSON.parse(whole.stdout), JSON.parse(half.stdout)]
    expect(a).toMatchObject({ method: 'dense', tokens: { visual: { before: TINY_PATCHES, after: TINY_PATCHES } } })
    expect(b).toMatchObject({ method: 'resize:keep=0.25', tokens: { visual: { before: TINY_PATCHES, after: 4 } } })
    expect(b.flops.prefill).toBeLessThan(a.flops.prefill)
    expect(a.ms.total).toBeGreaterThan(a.ms.vision)
    expect(a.peakMemoryBytes).toBeGreaterThan(10e6)
    expect(typeof a.answer).toBe('string')
  })

  it('takes several images and standard input', async () => {
    const args = ['ask', image, '-', 'same?', '--model', model, '--max-tokens', '2']
    const { status, stdout } = await startFovea(args, readFileSync(image)).ended
    expect(status).toBe(0)
    expect(stdout).toMatch(/\n32 -> 8 visual tokens\n$/)
  })

  it('compares methods side by side', async () => {
    const { status, stdout, stderr } = await ask(image, 'what?', '--compare', 'dense', 'resize:keep=.25')
    expect(status).toBe(0)
    expect(stderr).toBe(['dense', 'resize:keep=0.25'].map((name) => CUT.replace('was', `with ${name} was`)).join(''))
    const [header, first, second] = stdout.split('\n')
    expect(header).toMatch(/^method +visual tokens +FLOPs/)
    expect(first).toMatch(/^dense +16 -> 16 /)
    expect(second).toMatch(/^resize:keep=0.25 +16 -> 4 /)
  })

  it('draws what each of several methods kept, side by side', async () => {
    const sheet = join(folder, 'sheet.png')
    const methods = ['dense', 'random:keep=.25', 'visionzip:keep=.25']
    const { status } = await ask(image, 'what?', '--compare', ...methods, '--overlay', sheet)
    expect(status).toBe(0)
    const { width, height, data } = await decodeImage(readFileSync(sheet))
    expect([width, height]).toEqual([3 * 268 + 12, 268 + 5 * 14 + 12])
    const brightness = (tile: number) => {
      let sum = 0
      for (let y = 12; y < 268; y++)
        for (let x = 12 + 268 * tile; x < 268 * (tile + 1); x++) sum += data[3 * (y * width + x)]
      return sum
    }
    expect(brightness(1)).toBeLessThan(0.8 * brightness(0))
    expect(brightness(2)).toBeGreaterThan(brightness(1)) // what is not kept is merged
  })

  it('draws strips of frames, one for each method, and of a video that a model takes whole', {
    timeout: 240_000,
  }, async () => {
    const [sheet, strip] = [join(folder, 'strips.png'), join(folder, 'strip.png')]
    const methods = ['--compare', 'dense', 'random:keep=.25', '--overlay', sheet]
    const frames = ['--frames-as-images', '--frames', '3', '--max-tokens', '1']
    expect((await fovea('ask', 'examples/clip.mp4', 'what?', '--model', model, ...frames, ...methods)).status).toBe(0)
    const { width, height, data } = await decodeImage(readFileSync(sheet))
    const [wide, high] = [12 + 3 * 172, 184]
    expect([width, height]).toEqual([wide + 24, 2 * (high + 5 * 14 + 12) + 12])
    const brightness = (row: number) => {
      let sum = 0
      for (let y = 12 + row * (high + 82); y < 12 + row * (high + 82) + high; y++)
        for (let x = 12; x < wide; x++) sum += data[3 * (y * width + x)]
      return sum
    }
    expect(brightness(1)).toBeLessThan(0.9 * brightness(0)) // its frames are darkened, its paper is not
    const video = [
      '--model',
      'tests/fixtures/families/qwen2-vl',
      '--frames',
      '4',
      '--max-tokens',
      '1',
      '--overlay',
      strip,
    ]
    expect((await fovea('ask', 'examples/clip.mp4', 'what?', ...video)).status).toBe(0)
    expect((await decodeImage(readFileSync(strip))).width).toBe(12 + 2 * 172) // two clips of two frames
  })

  it('marks what was cut off beside the answer, and nothing else', async () => {
    const mini = (...args: string[]) => fovea('ask', 'examples/scene.png', 'what color is the star?', ...args)
    const [whole, cut] = await Promise.all([mini(), mini('--max-tokens', '1', '--quiet')])
    expect(whole).toEqual({ status: 0, stdout: 'yellow\n144 visual tokens\n', stderr: '' })
    expect(cut.stderr).toBe('the answer was cut off after 1 token; a larger --max-tokens gives more\n')
  })

  it('chooses tokens as its flags say, and refuses flags that would do nothing', async () => {
    const [greedy, warm, first, penalty] = await Promise.all([
      ask(image, 'what?', '--quiet'),
      ask(image, 'what?', '--quiet', '--temperature', '50'),
      ask(image, 'what?', '--quiet', '--temperature', '50', '--top-k', '1'),
      ask(image, 'what?', '--quiet', '--repetition-penalty', '.001'),
    ])
    expect(warm.stdout).not.toBe(greedy.stdout)
    expect(first.stdout).toBe(greedy.stdout)
    expect(penalty.stdout).not.toBe(greedy.stdout)
    const idle = await ask(image, 'what?', '--top-p', '.9')
    const message = 'fovea: --top-p chooses among tokens at a temperature above 0; give --temperature, too\n'
    expect(idle).toEqual({ status: 2, stdout: '', stderr: message })
  })

  it('makes answers as generation_config.json says, unless a flag says otherwise', async () => {
    const other = join(folder, 'sampling')
    await cp(model, other, { recursive: true })
    const generation = { eos_token_id: 1, do_sample: true, temperature: 50, max_new_tokens: 3 }
    await writeFile(join(other, 'generation_config.json'), JSON.stringify(generation))
    const asked = (...args: string[]) => fovea('ask', image, 'what?', '--quiet', '--model', other, ...args)
    const [own, greedy, plain] = await Promise.all([
      asked(),
      asked('--temperature', '0', '--max-tokens', '4'),
      ask(image, 'what?', '--quiet'),
    ])
    expect(own.stderr).toBe(CUT.replace('4', '3'))
    expect(own.stdout).not.toBe(greedy.stdout)
    expect(greedy.stdout).toBe(plain.stdout)
    const { stdout } = await fovea('forward', other, '--image', image, '--prompt', 'what?', '--json')
    const reference = await fovea('forward', model, '--image', image, '--prompt', 'what?', '--json')
    expect(JSON.parse(stdout).greedy).toEqual(JSON.parse(reference.stdout).greedy)
  })

  it('says that answers of a model have no end', async () => {
    const endless = join(folder, 'endless')
    await cp(model, endless, { recursive: true })
    const drop = async (file: string, edit: (json: Record<string, unknown>) => unknown) =>
      writeFile(join(endless, file), JSON.stringify(edit(JSON.parse(readFileSync(join(endless, file), 'utf8')))))
    await drop('generation_config.json', () => ({}))
    await drop('config.json', ({ eos_token_id: _, text_config, ...json }) => ({
      ...json,
      text_config: { ...(text_config as object), eos_token_id: null },
    }))
    await drop('tokenizer_config.json', ({ eos_token: _, ...json }) => json)
    const asked = (...args: string[]) => fovea('ask', image, 'what?', '--model', endless, '--max-tokens', '4', ...args)
    const { stderr } = await asked()
    const files = 'neither generation_config.json, config.json nor tokenizer_config.json names an end token'
    expect(stderr).toBe(`${endless}: ${files}; answers go on to --max-tokens\n${CUT}`)
    expect(JSON.parse((await asked('--json')).stdout)).toMatchObject({ noEndToken: true, finishReason: 'length' })
  })

  it('draws the kept patches over the image', async () => {
    const out = join(folder, 'overlay.png')
    const { status } = await ask(image, 'what?', '--method', 'random:keep=.5', '--overlay', out)
    expect(status).toBe(0)
    expect((await sharp(out).metadata()).width).toBe(512)
  })

  it('draws patches where the model saw them, and chequers what it did not see', async () => {
    const [wide, out] = [join(folder, 'wide.png'), join(folder, 'wide-overlay.png')]
    const white = { width: 640, height: 200, channels: 3, background: '#fff' } as const
    await sharp({ create: white }).png().toFile(wide)
    const args = ['--model', 'tests/fixtures/families/llava', '--max-tokens', '1', '--overlay', out]
    expect((await fovea('ask', wide, 'what?', ...args)).status).toBe(0)
    const { data } = await sharp(out).raw().toBuffer({ resolveWithObject: true })
    // A square of 200 pixels in the middle, 4 x 4 patches: their middles are as they were.
    const red = (x: number, y: number) => data[(y * 640 + x) * (data.length / (640 * 200))]
    for (const x of [10, 100, 200, 440, 600]) expect([0x8a, 0x5a]).toContain(red(x, 100))
    for (const x of [245, 295, 345, 395]) expect(red(x, 75)).toBe(255)
  })

  it('draws the views of models that make several', async () => {
    const out = join(folder, 'views-overlay.png')
    const args = ['--model', 'tests/fixtures/families/llava-next', '--max-tokens', '1', '--overlay', out]
    expect((await fovea('ask', image, 'what?', ...args)).status).toBe(0)
    expect((await sharp(out).metadata()).width).toBe(512)
  })
})

describe('fovea chat', () => {
  it('ends with its input', async () => {
    const { status, stdout } = await startFovea(['chat', image, '--model', model], '').ended
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  })

  it('answers piped questions and reuses the cache', async () => {
    const args = ['chat', image, '--model', model, '--max-tokens', '3', '--stats']
    const { status, stdout, stderr } = await startFovea(args, 'what is this?\n\nand its color?\n').ended
    expect(status).toBe(0)
    expect(stdout.split('\n')).toHaveLength(3)
    const [cut, first, , second] = stderr.split('\n')
    expect(`${cut}\n`).toBe(CUT.replace('4', '3'))
    expect(first).toContain('16 visual tokens, 0 cached')
    expect(Number(/(\d+) cached/.exec(second)![1])).toBeGreaterThan(3)
    expect(second).toContain('vision 0,')
  })
})
