import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ownCache } from '../../quantization/cache-folder.ts'
import { fovea } from '../fovea.ts'

ownCache()
const folder = new URL('../../fixtures/families/llava/', import.meta.url).pathname
const image = join(folder, 'image-0.png')

describe('--dtype', () => {
  it('forward says what ran, beside the logits', async () => {
    const args = ['forward', folder, '--image', image, '--prompt', 'what is this?', '--json']
    const [exact, eight] = await Promise.all([fovea(...args), fovea(...args, '--dtype', 'int8')])
    const [a, b] = [JSON.parse(exact.stdout), JSON.parse(eight.stdout)]
    expect(a).toMatchObject({ dtype: 'fp32', precision: { quantizedLayers: 0 } })
    expect(b).toMatchObject({ dtype: 'int8', inputIds: a.inputIds, precision: { cached: false, kept: [] } })
    expect(b.precision.quantizedLayers).toBeGreaterThan(20)
    expect(b.logits).not.toBe(a.logits)
    expect(eight.stderr).toBe('')
  })

  it('ask says it in a line, for auto with the reason', async () => {
    const { stdout, stderr } = await fovea('ask', image, 'what is this?', '--model', folder, '--dtype', 'auto')
    expect(stderr).toMatch(/^fp32 \(auto: a small model of [\d.]+ M parameters\)$/m)
    expect(stdout).toMatch(/visual tokens\n$/)
  })

  it('inspect lists what every layer loses', async () => {
    const { stdout, stderr } = await fovea('inspect', folder, '--dtype', 'int4', '--sensitivity')
    expect(stderr).toMatch(
      /^quantizing the weights to int4, once: they are kept in the cache\nint4, \d+ of \d+ layers in int8$/m,
    )
    expect(stdout).toMatch(/^layer +kept in +smoothed +int8 error, one scale +int8 error +int4 error$/m)
    expect(stdout).toMatch(/mlp\.down_proj\.weight +int4 +\d+\.\d\d %$/m)
    const { stdout: json } = await fovea('inspect', folder, '--dtype', 'int4', '--sensitivity', '--json')
    expect(JSON.parse(json).precision.layers[0]).toMatchObject({
      weight: expect.any(String),
      errors: expect.any(Object),
    })
  })

  it('refuses what it does not know and what makes no sense', async () => {
    const unknown = await fovea('ask', image, 'what?', '--dtype', 'int3')
    expect(unknown).toMatchObject({ status: 2, stdout: '' })
    expect(unknown.stderr).toContain('int8')
    const senseless = await fovea('inspect', folder, '--sensitivity')
    expect(senseless).toMatchObject({ status: 2, stderr: 'fovea: --sensitivity needs --dtype int8, int4 or auto\n' })
  })
})
