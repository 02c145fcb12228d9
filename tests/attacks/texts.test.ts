import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fovea } from '../cli/fovea.ts'
import { HOSTILE_CONFIGS } from './hostile-configs.ts'
import { config, imageOf, put } from './hostile-folder.ts'
import { HOSTILE_TEXTS } from './hostile-texts.ts'
import { askOnce, expectRefusal, writeHostile } from './refusal.ts'

test.each(HOSTILE_TEXTS)('$name is refused with $code', async (hostile) => {
  expect.hasAssertions()
  await expectRefusal(hostile)
})

test('code that config.json asks for is not run', async () => {
  const write = (folder: string) => {
    config({ auto_map: { AutoModel: 'evil.Evil' }, trust_remote_code: true })(folder)
    for (const name of ['evil.py', 'evil.js', 'evil.mjs']) put(name, `require('fs').writeFileSync('ran','')`)(folder)
    writeFileSync(join(folder, 'pytorch_model.bin'), 'not opened')
  }
  const folder = await writeHostile({ name: '', code: '', message: '', write })
  expect((await askOnce(folder)).tokens.generated).toBeGreaterThan(0)
  expect(existsSync(join(folder, 'ran'))).toBe(false)
})

test.each([
  HOSTILE_CONFIGS.find(({ name }) => name.startsWith('9 999 decoder'))!,
  HOSTILE_TEXTS.find(({ name }) => name === 'a template with an endless loop')!,
])('the command line refuses $name in one line and exits 3', async (hostile) => {
  const folder = await writeHostile(hostile)
  const ended = await fovea('forward', folder, '--image', imageOf(), '--prompt', 'what?', '--json')
  expect(ended).toMatchObject({ status: 3, stdout: '', stderr: expect.stringMatching(/^fovea: [^\n]+\n$/) })
})
