/** Signals of encoders of every kind, through the families that fold patches or take CLS along. */
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import {
  amongPatches,
  meanKeys,
  perToken,
  receivedAttention,
  saliency,
} from '../../../src/pipeline/method/encoder-signals.ts'
import type { VisualTokens } from '../../../src/pipeline/method/visual-tokens.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { mean, slice, sum, type Tensor } from '../../../src/tensor/index.ts'
import { runViews, seeTraced } from '../../papers/see-trace.ts'
import { numbersIn } from '../../papers/site.ts'
import { noise, tokensOf } from '../../papers/tokens-of.ts'
import { picture } from '../tiny-model.ts'

const backend = new NodeBackend()
const models = new Map<string, Model>()
const modelOf = async (family: string): Promise<Model> => {
  const folder = fileURLToPath(new URL(`../../fixtures/families/${family}`, import.meta.url))
  const model = models.get(family) ?? (await loadModel(folder, { threads: 1 }))
  models.set(family, model)
  return model
}
afterAll(async () => {
  for (const model of models.values()) await model.dispose()
  await backend.dispose()
})

/** What a function says of the patches of one view of a family. */
async function signals(family: string, of: (tokens: VisualTokens) => Record<string, Tensor>) {
  const model = await modelOf(family)
  let found: Record<string, Tensor> = {}
  const patches = (tokens: VisualTokens) => {
    found = of(tokens)
    return tokens
  }
  const method = { name: 'listening', see: { patches } }
  const { composed } = await import('../../../src/pipeline/method/compose.ts')
  seeTraced(model.parts.architecture, composed(method), undefined, 1)
  const [{ values }] = await runViews(backend, model, composed(method), found, [[1]])
  return values
}

describe('signals of the vision encoder', () => {
  it.each([
    'llava',
    'llava-siglip',
    'internvl',
    'qwen2-vl',
    'qwen2.5-vl',
    'idefics3',
    'blip-2',
    'llava-dinov2-registers',
  ])('%s: one number for each patch that the connector takes, all of them finite', async (family) => {
    const values = await signals(family, (tokens) => {
      const { grid } = tokens.vision
      const count = grid.rows * grid.columns
      const all = {
        saliency: saliency(tokens, 'test'),
        received: receivedAttention(tokens, 'test'),
        keys: mean(meanKeys(tokens, 'test'), 2),
        logits: mean(amongPatches(tokens, 'test', 'logits'), 2),
      }
      for (const signal of Object.values(all)) expect(signal.shape).toEqual([1, count])
      return all
    })
    for (const [name, numbers] of Object.entries(values)) {
      expect(numbers.every(Number.isFinite), name).toBe(true)
      expect(new Set(numbers).size, name).toBeGreaterThan(1)
    }
    expect(values.saliency.every((value) => value > 0 && value < 1)).toBe(true)
  })

  it('is the mean of the patches that are folded into a token', async () => {
    const { whole, folded } = await signals('qwen2-vl', (tokens) => ({
      whole: sum(slice(mean(tokens.vision.layers[0].attention, [1, 2]), 1, tokens.vision.special)),
      folded: sum(receivedAttention(tokens, 'test', 0)),
    }))
    expect(folded[0] * 4).toBeCloseTo(whole[0], 5)
  })

  it('reads the layer whose output the connector takes', async () => {
    for (const family of ['llava', 'llava-dinov2-registers', 'internvl']) {
      const { own, last } = await signals(family, (tokens) => {
        const index = tokens.vision.featureLayer ?? -1
        return { own: receivedAttention(tokens, 'test'), last: receivedAttention(tokens, 'test', index) }
      })
      expect(own).toEqual(last)
    }
  })

  it('refuses what is no multiple of the tokens', () => {
    const tokens = tokensOf({ features: noise(4, 2), grid: { rows: 2, columns: 2 } })
    const other = tokensOf({ features: noise(6, 2) }).states
    expect(() => perToken(tokens, other, 'test')).toThrow(/an encoder of 6 patches, of which 4 tokens are made/)
    expect(numbersIn([perToken(tokens, tokens.states, 'test')])[0]).toHaveLength(8)
  })
})

describe('models whose connector takes CLS or registers too', () => {
  it.each([
    'fastervlm:keep=.5',
    'vispruner:keep=.5',
    'visionzip:keep=.5',
    'fopru:keep=.5',
    'scope:keep=.5',
    'hiprune:keep=.5',
    'mustdrop:keep=.5',
    'aim:merge=.5',
  ])('%s: these stay and count', async (name) => {
    const model = await modelOf('llava-dinov2-registers')
    const { views } = await model.encode(picture(), parseMethod(name))
    const [{ owner, embeds }] = views
    const { grid } = (await model.encode(picture(), parseMethod('dense'))).views[0]
    const leading =
      (await model.encode(picture(), parseMethod('dense'))).views[0].embeds.dims[0] - grid.rows * grid.columns
    expect(leading).toBeGreaterThan(0)
    const half = Math.round((leading + grid.rows * grid.columns) / 2)
    expect(Math.abs(embeds.dims[0] - half)).toBeLessThanOrEqual(1)
    expect(owner).toHaveLength(grid.rows * grid.columns)
    expect(owner.filter((token) => token >= 0).every((token) => token >= leading)).toBe(true)
  })
})
