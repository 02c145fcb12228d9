import { copyFile, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { fovea, temporaryFolder } from './fovea.ts'

const question = 'what color is the star?'
const ask = (image: string, ...args: string[]) => fovea('ask', image, question, '--quiet', ...args)
const scene = 'examples/scene.png'

it('asks about photographs in HEIC, and images that URLs name or hold', async () => {
  const data = `data:image/png;base64,${(await readFile(scene)).toString('base64')}`
  const images = ['tests/fixtures/images/scene.heic', pathToFileURL(resolve(scene)).href, data]
  for (const { status, stdout } of await Promise.all(images.map((image) => ask(image))))
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'yellow\n' })
})

it('says in one line what to do about addresses, and about images above a limit', async () => {
  const [address, memory, file] = await Promise.all([
    ask('https://example.org/a.png'),
    ask(scene, '--max-image-memory', '0.5'),
    ask(scene, '--max-image-file', '0.001'),
  ])
  expect(address).toEqual({
    status: 2,
    stdout: '',
    stderr:
      'fovea: https://example.org/a.png: images are not fetched from the network; download it and name the file\n',
  })
  const raise = (flag: string, option: string) => `make it smaller, or raise the limit (${flag}, ${option})`
  expect(memory).toEqual({
    status: 3,
    stdout: '',
    stderr: `fovea: ${scene}: the image is 384x384; reading it takes 0.6 MiB, the limit is 0.5 MiB: ${raise('--max-image-memory', 'maxMemory')}\n`,
  })
  expect(file).toEqual({
    status: 3,
    stdout: '',
    stderr: `fovea: ${scene}: the image file has more than 1049 bytes, which is the limit: ${raise('--max-image-file', 'maxBytes')}\n`,
  })
})

it('embeds them, too', async () => {
  const copy = join(temporaryFolder(), 'photo')
  await copyFile('tests/fixtures/images/scene.heic', copy)
  const { status, stdout } = await fovea('embed', 'tests/fixtures/embeddings/clip', '--image', copy, '--json')
  expect(status).toBe(0)
  expect(JSON.parse(stdout).images).toHaveLength(1)
})
