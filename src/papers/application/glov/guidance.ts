/** A push of the writer's state from a worse prompt towards a better one. */
import { dense } from '../../../pipeline/method/compose.ts'
import type { Method } from '../../../pipeline/method/method.ts'
import type { Model } from '../../../pipeline/model.ts'
import { mean, reshape } from '../../../tensor/index.ts'
import { steerBy } from '../../interpretability/xl-vlms/equip.ts'
import { minus, norm, type Vector } from '../../interpretability/xl-vlms/vectors.ts'
import { watchModel } from '../../reports/watched-model.ts'

/** `H = mean_s a_l(p)`: the mean state of a prompt, fed alone, at the output of a layer. */
const stateHead = (layer: number): Method => ({
  name: `glov-state:layer=${layer}`,
  read: {
    heads: {
      state: ({ layers }, { architecture: { language } }) =>
        reshape(mean(layers[layer].output, 1), [language.hiddenSize]),
    },
  },
})

async function meanState(model: Model, layer: number, prompt: string): Promise<Vector> {
  const watched = watchModel(model)
  await watched.model.generate({ prompt, method: stateHead(layer), maxTokens: 0 })
  return Array.from(watched.runs[0].heads.state.data as Float32Array)
}

/** The middle block, where the paper's search peaks: 17 of 32. */
export const middleLayer = (layers: number): number => Math.min(layers - 1, Math.round((17 / 32) * layers))

/**
 * The method that adds `alpha (H+ - H-)` to the newest position of a layer; the dense one where both prompts are the same.
 * What was steered stays in the cache of later layers, where the released code computes everything anew.
 */
export async function guidedBy(
  model: Model,
  [better, worse]: readonly [string, string],
  { alpha = 1, layer = middleLayer(model.parts.architecture.language.layers) } = {},
): Promise<Method> {
  const push = minus(await meanState(model, layer, better), await meanState(model, layer, worse))
  if (alpha === 0 || norm(push) === 0) return dense
  return steerBy(push, { layer, alpha, at: 'last', concept: 'glov' })
}
