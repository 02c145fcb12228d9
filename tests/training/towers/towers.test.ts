import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSafetensors } from '../../../src/checkpoints/safetensors.ts'
import { loadEmbedder } from '../../../src/loading/node-load-embedder.ts'
import { spectrogram } from '../../../src/models/audio/spectrogram.ts'
import { languageOf } from '../../../src/models/language/languages.ts'
import { visionTowerOf } from '../../../src/models/vision/towers.ts'
import { tubeletVision } from '../../../src/models/vision/tubelet.ts'
import { createScope, type Scope } from '../../../src/nn/index.ts'
import { allText } from '../../../src/pipeline/method/sequence.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { input } from '../../../src/tensor/index.ts'
import { createTokenizer } from '../../../src/text/tokenizer.ts'
import { slotsOf } from '../../../src/training/towers/events.ts'
import { findTower, TOWERS } from '../../../src/training/towers/index.ts'
import { trainTower } from '../../../src/training/towers/train-tower.ts'
import { signsOf } from '../../../src/training/towers/zt.ts'
import { makeFilm } from '../../../src/world/index.ts'
import { nodeArt } from '../../../src/world/node-art.ts'

const base = fileURLToPath(new URL('../../../models/fovea-mini/', import.meta.url))
const STEPS = 24

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** What the form of each tower reads of its file. */
const FORMS: Readonly<Record<string, (p: Scope, config: never) => unknown>> = {
  zm: (p, config) => visionTowerOf(config, 'config').encode(p.at('vision_model'), input('pixels', [1, 3, 48, 48])),
  zv: (p, config) => visionTowerOf(config, 'config').encode(p.at('vision_model'), input('pixels', [1, 3, 32, 32])),
  zt: (p, config) => tubeletVision(p.at('vision_model'), config, input('frames', [1, 8, 3, 32, 32])),
  za: (p, config) => spectrogram(p.at('audio_model'), config, input('energies', [1, 40, 32])),
  t: (p, config) => {
    const model = languageOf(config, 'config')
    const start = allText(model.embed(p, input('ids', [1, 4], 'i64')), input('positions', [1, 4]))
    return model.logits(p, model.decode(p, start, {}).hidden)
  },
}

describe('towers', () => {
  let folder: string
  let backend: NodeBackend
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'towers-'))
    backend = new NodeBackend()
  })
  afterAll(async () => {
    await backend.dispose()
    rmSync(folder, { recursive: true })
  })

  const train = (id: string, to = id, steps = STEPS) =>
    trainTower(`tower-${id}`, {
      ...{ backend, base, folder: join(folder, to), seed: 3, saveEvery: 12, steps, size: 'tiny' },
    })
  const lossesOf = (id: string, stage: string) =>
    readFileSync(join(folder, id, stage, 'log.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).losses as Record<string, number>)
      .map(({ norm: _norm, ...losses }) => Object.values(losses).reduce((sum, loss) => sum + loss, 0))

  it.each(TOWERS.map(({ id }) => id))(
    'learn with the trainer, and are kept in the form they are read in: %s',
    async (id) => {
      const { model, weights, bytes } = (await train(id))!
      const tokenizerJson = JSON.parse(readFileSync(join(base, 'tokenizer.json'), 'utf8'))
      const { stage } = findTower(`tower-${id}`).recipe({
        ...{ tokenizer: createTokenizer(tokenizerJson), tokenizerJson, size: 'tiny' },
      })
      const losses = lossesOf(id, stage.name)
      expect(losses).toHaveLength(STEPS)
      // Batches differ, so single steps do not tell.
      expect(mean(losses.slice(-6))).toBeLessThan(mean(losses.slice(0, 6)))
      const { tensors } = await openSafetensors(join(model, 'model.safetensors'))
      expect([...tensors.values()].every(({ dtype }) => dtype === 'F16')).toBe(true)
      expect(bytes).toBe(2 * weights)
      if (!FORMS[id]) return
      const scope = createScope()
      FORMS[id](scope, JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as never)
      const unread = [...tensors.keys()].filter((name) => !scope.parameters.has(name))
      expect([...scope.parameters.keys()].filter((name) => !tensors.has(name))).toEqual([])
      // CLIP has a norm behind CLS that patch features do not need.
      expect(unread.filter((name) => !name.includes('post_layernorm'))).toEqual([])
    },
  )

  it('keep a decoder in a file of its own', async () => {
    const { tensors } = await openSafetensors(join(folder, 'zm', 'model', 'decoder.safetensors'))
    expect([...tensors.keys()].every((name) => name.startsWith('decoder.'))).toBe(true)
    expect(tensors.has('decoder.mask_embedding')).toBe(true)
  })

  it('embed pictures and texts once they are trained', async () => {
    const embedder = await loadEmbedder(join(folder, 'zc', 'model'))
    const image = { width: 30, height: 30, data: new Uint8Array(2700).fill(90) }
    const found = await embedder.embed({ images: [image], texts: ['a red apple', 'un perro'] })
    expect(found.texts).toHaveLength(2)
    expect(found.images[0].every(Number.isFinite)).toBe(true)
    await embedder.dispose()
  })

  it('are below three megabytes each', () => {
    const tokenizerJson = JSON.parse(readFileSync(join(base, 'tokenizer.json'), 'utf8'))
    // The vocabulary may grow.
    const tokenizer = { ...createTokenizer(tokenizerJson), vocabSize: 1536 }
    for (const tower of TOWERS) {
      const { stage, aside } = tower.recipe({ tokenizer, tokenizerJson, size: 'full' })
      const scope = createScope()
      stage.losses(scope, undefined as never, () => [])
      const own = [...scope.parameters].filter(([name]) => !aside || !name.startsWith(aside.prefix))
      const count = own.reduce((sum, [, { shape }]) => sum + shape.reduce<number>((a, b) => a * Number(b), 1), 0)
      expect(2 * count, tower.id).toBeLessThan(3e6)
      expect(2 * count, tower.id).toBeGreaterThan(5e5)
    }
  })

  it('draw the same batch for the same step', async () => {
    for (const id of ['zt', 't', 'za']) {
      const tokenizerJson = JSON.parse(readFileSync(join(base, 'tokenizer.json'), 'utf8'))
      const tokenizer = createTokenizer(tokenizerJson)
      const { stage } = findTower(`tower-${id}`).recipe({ tokenizer, tokenizerJson, size: 'tiny' })
      const data = { seed: 2, encode: (text: string) => tokenizer.encode(text) } as never
      const [first, again] = [await stage.batches(data), await stage.batches(data)]
      again(0)
      expect(again(5)).toEqual(first(5))
      expect(again(5)).not.toEqual(first(6))
    }
  })

  it('know when something goes on', () => {
    expect(slotsOf(2, 4, 8, 4)).toEqual([0, 1, 0, 0])
    expect(slotsOf(3, 5, 8, 4)).toEqual([0, 1, 1, 0])
    const film = makeFilm({ split: 'train', seed: 1, index: 0, must: 'move', art: nodeArt() })
    expect(signsOf(film, 4).some((sign) => sign === 1)).toBe(true)
  })

  it('are named where one is not known', async () => {
    await expect(train('zz')).rejects.toThrow('there is no tower-zz; the towers are tower-zc, tower-zm')
  })
})
