import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fovea } from '../fovea.ts'
import { writeSquare } from '../tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'fovea-explain-'))
let image: string
beforeAll(async () => {
  image = await writeSquare(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('fovea explain', () => {
  it('answers, and says what each layer would have said and how much it looked', async () => {
    const { status, stdout, stderr } = await fovea('explain', image, 'what color is the square?')
    expect([status, stderr]).toEqual([0, ''])
    const [answer, head, ...layers] = stdout.trimEnd().split('\n')
    expect(head).toMatch(new RegExp(`^layer +"${answer}" +"<eos>" +attention on the pictures before "${answer}"$`))
    expect(layers).toHaveLength(5)
    expect(layers.at(-1)).toMatch(new RegExp(`^5 +"${answer}" \\d+ % +"<eos>" \\d+ % +[\\d.]+ %$`))
    const told = JSON.parse((await fovea('explain', image, 'what color is the square?', '--json')).stdout)
    const before = told.words.length - told.tokens.length // the word that predicts the answer, of those behind the picture
    for (const [at, { attention }] of told.layers.entries()) {
      const share = attention[before].reduce((sum: number, value: number) => sum + value, 0)
      expect(Math.abs(Number(/([\d.]+) %$/.exec(layers[at])![1]) - 100 * share)).toBeLessThan(0.2)
    }
  })

  it('writes a page that holds the picture, a cell for each patch, and no markup of a question', async () => {
    const page = join(folder, 'page.html')
    const asked = 'is there a </script><b>star</b>?'
    const { stderr } = await fovea('explain', image, asked, '--out', page, '--method', 'visionzip:keep=.25')
    expect(stderr).toBe(`wrote ${page}\n`)
    const html = readFileSync(page, 'utf8')
    expect(html.match(/<rect data-token="\d+"/g)).toHaveLength(144)
    expect(Math.max(...Array.from(html.matchAll(/data-token="(\d+)"/g), ([, token]) => Number(token)))).toBe(35)
    expect(html).toContain('<image href="data:image/png;base64,iVBOR')
    expect(html.match(/<\/script>/g)).toHaveLength(1)
    expect(html).not.toContain('<b>')
    const data = JSON.parse(html.match(/const DATA = (\{.*?\});/)![1])
    expect(Buffer.from(data.relevance, 'base64')).toHaveLength(36)
    expect(data.attention.map((words: string[]) => Buffer.from(words[data.word], 'base64').length)).toEqual(
      Array(5).fill(36),
    )
  })

  it('shows the frames of a video, a picture each', async () => {
    const page = join(folder, 'frames.html')
    const frames = ['--frames-as-images', '--frames', '2', '--out', page]
    expect((await fovea('explain', 'examples/clip.mp4', 'what shape is red?', ...frames)).status).toBe(0)
    expect(readFileSync(page, 'utf8').match(/<image href="data:image\/png/g)).toHaveLength(2)
    const { status, stderr } = await fovea('explain', 'examples/clip.mp4', 'what shape is red?')
    expect([status, stderr]).toEqual([2, expect.stringMatching(/--frames-as-images\)?\n$/)])
  })

  it('prints it as JSON', async () => {
    const { stdout } = await fovea('explain', image, 'what color is the square?', '--json', '--top', '2')
    const { answer, tokens, words, layers, relevance, patches } = JSON.parse(stdout)
    expect(tokens[0].lens.map((guesses: unknown[]) => guesses.length)).toEqual(Array(5).fill(2))
    expect(tokens[0].text).toBe(answer)
    expect(layers[0].attention).toHaveLength(words.length)
    expect([layers[0].attention[0].length, relevance.length, patches[0].length]).toEqual([144, 144, 144])
  })

  it('refuses what it cannot explain before it writes anything', async () => {
    const page = join(folder, 'none.html')
    const { status, stderr } = await fovea('explain', image, 'is there a star?', '--method', 'damro', '--out', page)
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(
        /^fovea: explain reads one answer of one reading; damro.* makes it of several, use another method\n$/,
      ),
    ])
    expect(existsSync(page)).toBe(false)
    expect((await fovea('explain', image, 'is it?', '--out', image)).stderr).toContain('this file is an input')
  })
})
