import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { viewPixels } from '../../../src/pipeline/flow/view-pixels.ts'
import { compileVision, type VisionUse } from '../../../src/pipeline/flow/vision-program.ts'
import { compose } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { ViewGatherer } from '../../../src/pipeline/pictures/view-gatherer.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { largestDifference, picture } from '../../pipeline/tiny-model.ts'
import { ownCache } from '../../quantization/cache-folder.ts'

ownCache()

const methodOf = (options: string): Method => compose(parseMethod(`earlytom:depth=1,${options}`))

/** CLIP, SigLIP and the encoder of Qwen2-VL. */
const TOWERS = ['llava', 'llava-siglip', 'qwen2-vl'] as const
const CASES = TOWERS.flatMap((tower) => (['fp32', 'int8'] as const).map((dtype) => [tower, dtype] as const))

describe.each(CASES)('within %s in %s', (tower, dtype) => {
  let model: Model
  const backend = new NodeBackend()
  beforeAll(async () => {
    const folder = fileURLToPath(new URL(`../../fixtures/families/${tower}`, import.meta.url))
    model = await loadModel(folder, { threads: 1, dtype })
  })
  afterAll(async () => {
    await model.dispose()
    await backend.dispose()
  })

  /** Frames that are noise, the same where seeds are, through the vision program and what acts on them together. */
  async function encoded(method: Method, seeds: readonly number[], use: VisionUse = { frames: seeds.length }) {
    const { architecture, weights, preprocessor } = model.parts
    const views = seeds.map((seed) => architecture.prompt.views(picture(seed, 56, 56))[0])
    const program = await compileVision(backend, architecture, weights, method, views[0], use)
    const pixels = views.map((view) => viewPixels(view, preprocessor, method))
    const frames =
      use === 'view'
        ? (await Promise.all(pixels.map((each) => program.encode([each])))).flat()
        : await program.encode(pixels)
    await program.dispose()
    const flops = frames.reduce((sum, { cost }) => sum + cost.flops, 0)
    return { frames, flops }
  }
  const gathered = async (method: Method, seeds: readonly number[]) => {
    const { frames } = await encoded(method, seeds)
    const [run] = await new ViewGatherer(model.parts, backend).gather({ method, isVideo: true }, frames)
    return { run, each: frames[0].embeds.dims[0] }
  }

  it('is the encoder as it is where no frames are alike enough', async () => {
    const apart = await encoded(methodOf('tau=1.1,layers=0'), [1, 2, 3])
    const dense = await encoded(compose(), [1, 2, 3], 'view')
    const values = ({ frames }: typeof dense) => frames.flatMap(({ embeds }) => [...embeds.data])
    // The engine scales the activations of int8 by the largest of all rows that it is given.
    expect(largestDifference(values(apart), values(dense))).toBeLessThan(dtype === 'int8' ? 0.2 : 1e-4)
  })

  it('has fewer frames in later layers: seven still ones are (0, 1 + 2, 4), (5, 6)', async () => {
    const still = await encoded(methodOf('tau=.8,layers=0,ties=merge'), [1, 1, 1, 1, 1, 1, 1])
    const into = still.frames.map(({ signals }) => Math.round(signals['earlytom.into'].data[0]))
    expect(into).toEqual([0, 1, 1, -1, 4, 5, 6])
    const apart = await encoded(methodOf('tau=1.1,layers=0'), [1, 1, 1, 1, 1, 1, 1])
    expect(still.flops).toBeLessThan(0.95 * apart.flops)
  })

  it('leaves of frames what their share is, taken anew of those that are left', async () => {
    const seeds = [1, 1, 1, 1, 1, 1, 1]
    const { run, each } = await gathered(methodOf('tau=.8,layers=0,ties=merge,retain=.25'), seeds)
    const share = (0.25 * 7) / 5
    const [edge, within] = [Math.ceil(each * share - 1e-4), Math.max(1, Math.round(each * share))]
    expect(run.embeds.dims[0]).toBe(2 * edge + 3 * within) // the five that are left are one segment
    expect([...run.embeds.data].every(Number.isFinite)).toBe(true)
    expect(run.places!.every(([frame]) => ![2, 3].includes(frame))).toBe(true)
    const whole = await gathered(methodOf('tau=1.1,layers=0,retain=1'), [1, 2, 3])
    expect(whole.run.embeds.dims[0]).toBe(3 * whole.each)
  })

  it('takes one frame as it is; refuses layers that are not read, and frames that were encoded one by one', async () => {
    const { run, each } = await gathered(methodOf('layers=0,retain=1'), [1])
    expect(run.embeds.dims[0]).toBe(each)
    await expect(encoded(methodOf('layers=0/7'), [1, 2])).rejects.toMatchObject({ code: 'method_unfit' })
    const method = methodOf('layers=0')
    const { frames } = await encoded(method, [1, 2], 'view')
    const gatherer = new ViewGatherer(model.parts, backend)
    await expect(gatherer.gather({ method, isVideo: true }, frames)).rejects.toThrow(/one by one/)
  })
})

it('says what layers are where they are none', () => {
  expect(() => parseMethod('earlytom:layers=a')).toThrow(/8\/21\/23/)
})
