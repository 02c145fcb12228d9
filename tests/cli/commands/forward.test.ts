import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { fovea, temporaryFolder } from '../fovea.ts'

const folder = 'tests/fixtures/families/smolvlm'
const { cases } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'))
const [, wide] = cases
const image = join(folder, wide.images[0])

const floats = (base64: string): number[] => {
  const bytes = Buffer.from(base64, 'base64')
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4))
}

describe('fovea forward', () => {
  it('prints ids, logits and greedy tokens as the reference has them', async () => {
    const { status, stdout, stderr } = await fovea(
      ...['forward', folder, '--image', image, '--prompt', 'what color is the star?', '--json'],
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const found = JSON.parse(stdout)
    expect(Object.keys(found)).toEqual(['inputIds', 'visualTokens', 'logits', 'greedy', 'text', 'dtype', 'precision'])
    expect(found.inputIds).toEqual(wide.ids)
    expect(found.visualTokens).toBe(wide.ids.filter((id: number) => id === 4).length)
    const [actual, expected] = [floats(found.logits), floats(wide.logits)]
    const scale = Math.max(...expected.map(Math.abs))
    expect(actual).toHaveLength(expected.length)
    expect(Math.max(...actual.map((value, at) => Math.abs(value - expected[at])))).toBeLessThan(1e-4 * scale)
    expect(found.greedy).toEqual(wide.greedy)
  })

  it('takes a raw prompt as it is, and tells places for images that are too many', async () => {
    const raw = '<|im_start|>User:<image>what color is the star?<end_of_utterance>\nAssistant:'
    const [whole, missing] = await Promise.all([
      fovea('forward', folder, '--image', image, '--prompt', raw, '--raw-prompt', '--json'),
      fovea('forward', folder, '--prompt', raw, '--raw-prompt', '--json'),
    ])
    expect(JSON.parse(whole.stdout)).toMatchObject({ inputIds: wide.ids, greedy: wide.greedy })
    expect(missing.status).toBe(3)
    expect(missing.stderr).toContain('the prompt has places for 1 images, 0 were given')
  })

  it('reads pixels as the reference does, or as a person sees them, by name', async () => {
    const hidden = temporaryFolder()
    const paths = await Promise.all(
      ['red', 'black'].map(async (colour, at) => {
        const rgba = Buffer.alloc(4 * 64 * 64)
        for (let pixel = 0; pixel < 64 * 64; pixel++) rgba.set([at === 0 ? 255 : 0, 0, 0, 0], 4 * pixel)
        const path = join(hidden, `${colour}.png`)
        await sharp(rgba, { raw: { width: 64, height: 64, channels: 4 } })
          .png()
          .toFile(path)
        return path
      }),
    )
    const logits = async (...flags: string[]) => {
      const shown = paths.map((path) => fovea('forward', folder, '--image', path, '--prompt', 'hi', '--json', ...flags))
      return (await Promise.all(shown)).map(({ stdout }) => JSON.parse(stdout).logits)
    }
    const [red, black] = await logits()
    expect(red).not.toBe(black)
    const [first, second] = await logits('--pixels', 'seen')
    expect(first).toBe(second)
    const asked = await Promise.all(
      paths.map((path) => fovea('ask', path, 'hi', '--model', folder, '--max-tokens', '9', '--quiet')),
    )
    expect(asked[0].stdout).toBe(asked[1].stdout)
  })

  it('needs no chat template for a raw prompt', async () => {
    const bare = temporaryFolder()
    cpSync(folder, bare, { recursive: true })
    rmSync(join(bare, 'chat_template.jinja'))
    const file = join(bare, 'tokenizer_config.json')
    const { chat_template: _, ...config } = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify(config))
    const [raw, question] = await Promise.all([
      fovea('forward', bare, '--prompt', 'a star', '--raw-prompt', '--json'),
      fovea('forward', bare, '--prompt', 'a star', '--json'),
    ])
    expect(JSON.parse(raw.stdout).greedy).toHaveLength(12)
    expect(question.status).toBe(3)
    expect(question.stderr).toContain('no chat template "default"')
  })

  it('says the same in words', async () => {
    const { stdout } = await fovea('forward', folder, '--prompt', 'what color is the star?')
    expect(stdout).toMatch(/^prompt {3}\d+ tokens, 0 of them visual\nlogits .*\ngreedy( +\d+){12}\ntext /)
    expect(stdout).toContain(cases[0].greedy.join(' '))
  })
})
