import { expect, it } from 'vitest'
import { ownCache } from '../quantization/cache-folder.ts'
import { fovea } from './fovea.ts'

ownCache()
const folder = new URL('../fixtures/families/llava/', import.meta.url).pathname

it('quantize keeps a plan, reports it, and says when there was one', async () => {
  const { status, stdout, stderr } = await fovea('quantize', folder, '--dtype', 'int4', '--report')
  expect(status).toBe(0)
  expect(stderr).toBe('quantizing the weights to int4, once: they are kept in the cache\n')
  expect(stdout).toMatch(/^int4, \d+ of \d+ layers in int8\ncalibrated on world train .*: every load in int4 uses it$/m)
  expect(stdout).toMatch(/mlp\.down_proj\.weight +int4 +\d+\.\d\d %$/m)
  const again = await fovea('quantize', folder, '--dtype', 'int4', '--json')
  expect(again.stderr).toBe('')
  expect(JSON.parse(again.stdout)).toMatchObject({ wasPlanned: true, precision: { dtype: 'int4', cached: true } })
})

it('quantize wants a model, and a dtype that is one', async () => {
  expect(await fovea('quantize')).toMatchObject({ status: 2, stdout: '' })
  expect(await fovea('quantize', folder, '--dtype', 'fp32')).toMatchObject({ status: 2, stdout: '' })
  expect(await fovea('quantize', '/nowhere/at/all')).toMatchObject({ status: 3, stdout: '' })
})
