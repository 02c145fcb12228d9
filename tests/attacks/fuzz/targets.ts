/** The readers of what strangers made, each with something good to begin from. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseSafetensorsHeader } from '../../../src/checkpoints/safetensors.ts'
import { localSource } from '../../../src/hub/model-source.ts'
import { ggufSource } from '../../../src/loading/gguf/node-folder.ts'
import { readModel } from '../../../src/loading/node-read-model.ts'
import { decodeImage } from '../../../src/media/decode.ts'
import { readVideo } from '../../../src/media/video/read-video.ts'
import { createChatTemplate } from '../../../src/text/chat-template.ts'
import { timeLimit } from '../../../src/text/node-time-limit.ts'
import { createTokenizer, type TokenizerJson } from '../../../src/text/tokenizer.ts'
import type { Rng } from '../../../src/world/rng.ts'
import { FAMILIES, writeGgufPair } from '../../loading/gguf/families.ts'
import { makeVideo, numbered } from '../../media/video/make-video.ts'
import { copyFamily } from '../hostile-folder.ts'
import { HOSTILE_IMAGES } from '../hostile-images.ts'
import { mutateBytes, mutateJson, mutateText } from './mutate.ts'

export interface FuzzTarget {
  readonly name: string
  /** Cases, however much time is left. */
  readonly most: number
  /** Reads one damaged copy. May only throw FoveaError. */
  open(): Promise<(rng: Rng) => unknown>
}

const family = (name: string, file: string) =>
  readFileSync(new URL(`../../fixtures/families/${name}/${file}`, import.meta.url))
const jsonOf = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes))

/** Damages the head of one of two GGUF files and reads what both say. */
async function ggufFiles() {
  const parent = mkdtempSync(join(tmpdir(), 'fovea-fuzz-'))
  process.once('exit', () => rmSync(parent, { recursive: true, force: true }))
  const pairs = await Promise.all(
    FAMILIES.map(async (each, at) => {
      const to = join(parent, String(at))
      mkdirSync(to)
      const { language, vision } = await writeGgufPair(each, join(parent, `folder-${at}`), to)
      return [language, vision].map((path) => ({ path, language, whole: readFileSync(path) }))
    }),
  )
  return async (rng: Rng) => {
    const { path, language, whole } = rng.pick(pairs.flat())
    const head = mutateBytes(whole.subarray(0, Math.min(whole.length, 20_000)), rng)
    writeFileSync(path, Buffer.concat([head, whole.subarray(head.length)]))
    try {
      const source = await ggufSource(language)
      await source.readText('tokenizer.json')
      await readModel(source)
    } finally {
      writeFileSync(path, whole)
    }
  }
}

/** Damages one JSON file of a model folder and reads what the small files and headers say. */
const modelFolder = (file: string) => async () => {
  const parent = mkdtempSync(join(tmpdir(), 'fovea-fuzz-'))
  process.once('exit', () => rmSync(parent, { recursive: true, force: true }))
  const names = ['llava', 'qwen2-vl', 'idefics3', 'internvl', 'blip-2', 'paligemma', 'llava-next']
  const folders = names.map((name) => {
    const folder = join(parent, name)
    mkdirSync(folder)
    copyFamily(name, folder)
    return { folder, whole: jsonOf(readFileSync(join(folder, file))) }
  })
  return async (rng: Rng) => {
    const { folder, whole } = rng.pick(folders)
    writeFileSync(join(folder, file), JSON.stringify(mutateJson(whole, rng)))
    await readModel(await localSource(folder))
  }
}

export const TARGETS: readonly FuzzTarget[] = [
  {
    name: 'images',
    most: 400,
    open: async () => {
      const names = ['PNG cut in its pixels', 'JPEG cut in its pixels', 'WebP cut in its pixels', 'zero width']
      const seeds = await Promise.all(names.map((name) => HOSTILE_IMAGES.find((image) => image.name === name)!.write()))
      return (rng) => decodeImage(mutateBytes(rng.pick(seeds), rng), { maxPixels: 1e6 })
    },
  },
  {
    name: 'videos',
    most: 60,
    open: async () => {
      const frames = numbered(4)
      const seeds = [await makeVideo({ frames }), await makeVideo({ codec: 'vp8', container: 'webm', frames })]
      const heads = seeds.map((seed) => seed.slice(0, 400))
      return (rng) => readVideo(mutateBytes(rng.pick([...seeds, ...heads]), rng), { frames: 1, maxPixels: 1e6 })
    },
  },
  {
    name: 'safetensors',
    most: 3000,
    open: async () => {
      const seed = family('llava', 'model.safetensors')
      const head = seed.subarray(0, 8 + Number(seed.readBigUInt64LE(0)))
      return (rng) => parseSafetensorsHeader(mutateBytes(head, rng), seed.length)
    },
  },
  {
    name: 'tokenizer.json',
    most: 150,
    open: async () => {
      const seeds = ['llava', 'blip-2-t5', 'paligemma'].map((name) => jsonOf(family(name, 'tokenizer.json')))
      return (rng) => {
        const json = mutateJson(rng.pick(seeds), rng) as TokenizerJson
        const tokenizer = createTokenizer(json, {}, [], { timeLimit })
        tokenizer.decode(tokenizer.encode('what is this? 123 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'))
      }
    },
  },
  {
    name: 'chat templates',
    most: 1500,
    open: async () => {
      const source = jsonOf(family('qwen2-vl', 'chat_template.json')).chat_template as string
      return (rng) =>
        createChatTemplate(mutateText(source, rng), { timeLimit }).render([{ role: 'user', content: 'hi' }])
    },
  },
  { name: 'GGUF', most: 300, open: ggufFiles },
  { name: 'config.json', most: 150, open: modelFolder('config.json') },
  { name: 'preprocessor_config.json', most: 150, open: modelFolder('preprocessor_config.json') },
]
