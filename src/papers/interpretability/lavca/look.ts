/** What a model makes of scenes: an embedding, and a caption. */
import { pictureOf } from '../../../evaluation/picture-of.ts'
import { leave, recall } from '../../../pipeline/method/memory.ts'
import type { Method } from '../../../pipeline/method/method.ts'
import type { Model } from '../../../pipeline/model.ts'
import { mean, reshape } from '../../../tensor/index.ts'
import { GREEDY } from '../../../text/sampling.ts'
import { makeScene, type Scene, type Split } from '../../../world/index.ts'
import type { Lab } from '../../reports/lab.ts'
import { watchModel } from '../../reports/watched-model.ts'
import { norm, times, type Vector } from '../xl-vlms/vectors.ts'

const POOLED = 'lavca.pooled'
/** Objects that a caption still names one by one. */
const MOST_OBJECTS = 4
const QUESTION = 'describe the image.'
const CAPTION_TOKENS = 64

/** The mean of what the connector makes of a picture's patches, as a head. */
const pooling: Method = {
  name: 'lavca-pooling',
  see: {
    connector: (tokens, next) => {
      const connected = next(tokens)
      return leave(connected, POOLED, mean(connected.states, 1, true), 'lavca')
    },
  },
  read: {
    heads: {
      pooled: (_, at) => {
        const rows = recall(at, POOLED, 'lavca')
        return reshape(mean(rows, 1), [rows.shape[2]])
      },
    },
  },
}

/** A scene of up to four shapes, with the name that its noise is drawn by. */
export interface Stimulus {
  readonly name: string
  readonly scene: Scene
}

/** The first so many scenes of a split whose captions name every object. */
export function stimuliOf(
  { split, seed }: { readonly split: Split; readonly seed: number },
  count: number,
): Stimulus[] {
  const found: Stimulus[] = []
  for (let index = 0; found.length < count; index++) {
    const scene = makeScene({ split, seed, index, kind: 'objects' })
    if (scene.objects.length <= MOST_OBJECTS) found.push({ name: `${split} ${index}`, scene })
  }
  return found
}

/** Embeddings of pictures, each of length 1, [n][d]. */
export async function embeddingsOf(
  lab: Pick<Lab, 'signal' | 'progress'>,
  model: Model,
  stimuli: readonly Stimulus[],
): Promise<Vector[]> {
  const found: Vector[] = []
  for (const { scene } of stimuli) {
    lab.signal.throwIfAborted()
    const watched = watchModel(model)
    await watched.model.generate({ prompt: 'a', images: [pictureOf(scene)], method: pooling, maxTokens: 0 })
    const vector = Array.from(watched.runs[0].heads.pooled.data as Float32Array)
    found.push(times(vector, 1 / (norm(vector) || 1)))
    lab.progress(found.length, stimuli.length, 'embeddings')
  }
  return found
}

/** Captions of pictures by the model. */
export async function captionsOf(
  lab: Pick<Lab, 'signal' | 'progress'>,
  model: Model,
  stimuli: readonly Stimulus[],
): Promise<string[]> {
  const found: string[] = []
  for (const { scene } of stimuli) {
    lab.signal.throwIfAborted()
    const asked = { ...GREEDY, prompt: QUESTION, images: [pictureOf(scene)], maxTokens: CAPTION_TOKENS }
    found.push((await model.generate(asked)).text.trim())
    lab.progress(found.length, stimuli.length, 'captions')
  }
  return found
}
