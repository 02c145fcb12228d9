/** Small files that ask for much: it is counted before anything of that size is made. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.ts'
import { openSafetensors } from '../../src/checkpoints/safetensors.ts'
import { resizeImage } from '../../src/media/image.ts'
import { temporaryFolder } from '../cli/fovea.ts'
import { cpuTime } from '../cpu-time.ts'
import { config, editJson, type HostileModel, processor } from './hostile-folder.ts'
import { assemble } from './hostile-safetensors.ts'
import { expectRefusal } from './refusal.ts'

async function refusalOf(attempt: () => unknown): Promise<Error> {
  const memory = process.memoryUsage.rss()
  let error: unknown
  const time = await cpuTime(async () => {
    try {
      await attempt()
    } catch (reason) {
      error = reason
    }
  })
  expect([time < 4000, process.memoryUsage.rss() - memory < 400 * 2 ** 20]).toEqual([true, true])
  expect(error).toMatchObject({ name: 'FoveaError', kind: 'input' })
  expect((error as Error).message).toMatch(/^[^\n]{1,2500}$/)
  return error as Error
}

test.each([
  [1, 14_000_000],
  [1, 39_000_000],
  [39_000_000, 1],
  [200, 190_000],
])('an image of %d x %d is refused where it would be resized', async (width, height) => {
  const image = { data: new Uint8Array(3 * width * height), width, height }
  const error = await refusalOf(() => resizeImage(image, 336, 336, 'bicubic'))
  expect(error.message).toContain(`an image of ${width}x${height}`)
})

test('the longest that are resized take no more than their size', async () => {
  for (const [width, height] of [
    [1, 100_000],
    [100_000, 1],
  ])
    expect(
      resizeImage({ data: new Uint8Array(3 * width * height), width, height }, 336, 336, 'bicubic').data,
    ).toHaveLength(3 * 336 * 336)
})

const ASKING: HostileModel[] = [
  {
    name: 'min_pixels of 4 million',
    family: 'qwen2-vl',
    code: 'preprocessor_invalid',
    message: 'min_pixels',
    write: processor({ min_pixels: 4e6 }),
  },
  {
    name: 'a shortest edge of 4 million pixels',
    family: 'qwen2-vl',
    code: 'preprocessor_invalid',
    message: 'size',
    write: processor({ size: { shortest_edge: 4e6, longest_edge: 16e6 }, min_pixels: null, max_pixels: null }),
  },
  {
    name: 'tiles of 11,200 squared in the processor',
    family: 'llava-next',
    code: 'config_invalid',
    message: 'image_grid_pinpoints',
    write: (folder) =>
      editJson(folder, 'preprocessor_config.json', (json) => {
        const tile = json.crop_size?.height ?? json.size.height ?? json.size.shortest_edge
        json.image_grid_pinpoints = [[400 * tile, 400 * tile].map((side) => Math.min(side, 16_000 - (16_000 % tile)))]
      }),
  },
  {
    name: 'tiles of 11,200 squared in the config',
    family: 'llava-next',
    code: 'config_invalid',
    message: 'image_grid_pinpoints',
    write: (folder) => {
      processor({ image_grid_pinpoints: null })(folder)
      config({ image_grid_pinpoints: [[11_200, 11_200]] })(folder)
    },
  },
  {
    name: '16,000 tiles',
    family: 'internvl',
    code: 'preprocessor_invalid',
    message: 'max_patches',
    write: processor({ max_patches: 16_000 }),
  },
]

test.each(ASKING)('a processor that asks for $name', async (hostile) => {
  expect.hasAssertions()
  await expectRefusal(hostile)
})

describe('weights', () => {
  const empty = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'

  test('1.6 million empty tensors', async () => {
    const path = join(temporaryFolder(), 'model.safetensors')
    const entries = Array.from({ length: 1.6e6 }, (_, at) => `"${at}":${empty}`)
    writeFileSync(path, assemble(`{${entries.join(',')}}`, 0))
    expect((await refusalOf(() => openSafetensors(path))).message).toContain('more than 250000 entries')
  })

  test('a shape of millions of numbers in each of many tensors', async () => {
    const path = join(temporaryFolder(), 'model.safetensors')
    const shape = `[${new Array(1e6).fill(1)}]`
    const entries = Array.from({ length: 6 }, (_, at) => `"${at}":{"dtype":"U8","shape":${shape}}`)
    writeFileSync(path, assemble(`{${entries.join(',')}}`, 0))
    await refusalOf(() => openSafetensors(path))
  })
})

describe('an index', () => {
  const INDEX = 'model.safetensors.index.json'
  const written = (write: (path: string, folder: string) => unknown): string => {
    const folder = temporaryFolder()
    write(join(folder, INDEX), folder)
    return folder
  }

  test.each([
    ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
    ['a link that leads nowhere', (path: string) => symlinkSync('nowhere', path)],
    ['an endless device', (path: string) => symlinkSync('/dev/zero', path)],
    ['a folder', (path: string) => mkdirSync(path)],
    ['a link to itself', (path: string) => symlinkSync(path, path)],
    ['empty', (path: string) => writeFileSync(path, '')],
    [
      'of a million entries',
      (path: string) => {
        const entries = Array.from({ length: 1e6 }, (_, at) => `"${at}":"a.safetensors"`)
        writeFileSync(path, `{"weight_map":{${entries.join(',')}}}`)
      },
    ],
    [
      'of 200,000 tensors that are not there',
      (path: string, folder: string) => {
        const entries = Array.from({ length: 2e5 }, (_, at) => `"${at}":"a.safetensors"`)
        writeFileSync(path, `{"weight_map":{${entries.join(',')}}}`)
        writeFileSync(join(folder, 'a.safetensors'), assemble('{}', 0))
      },
    ],
  ])('that is %s', async (_, write) => {
    const folder = written(write)
    expect((await refusalOf(() => openCheckpoint(folder))).message).toContain(folder)
    rmSync(folder, { recursive: true })
  })
})
