import { type TubeletConfig, tubeletGrid, tubeletVision } from '../../models/vision/tubelet.ts'
import { linear } from '../../nn/index.ts'
import { f32 } from '../../runtime/index.ts'
import { input, mean, reshape } from '../../tensor/index.ts'
import { HAPPENINGS } from '../../world/film/film.ts'
import { DIRECTIONS, type Film, framesOf, makeFilm, Rng } from '../../world/index.ts'
import { nodeArt } from '../../world/node-art.ts'
import type { Stream } from '../mix.ts'
import type { TrainingData } from '../recipe.ts'
import type { Batch } from '../step.ts'
import { binaryCrossEntropy, slotsOf } from './events.ts'
import { pictureBank, preprocessorOf } from './picture-bank.ts'
import { imageOfScene } from './scenes.ts'
import { ENCODER, layersOf, stageOf, type Tower, type TowerSize } from './tower.ts'

const SIZES = {
  full: { side: 96, patch: 16, frames: 8, batch: 16, films: 1500, steps: 2500 },
  tiny: { side: 32, patch: 16, frames: 8, batch: 2, films: 2, steps: 3 },
} as const

/** What may be going on: each kind of happening, each direction, a background that drifts. */
const SIGNS: readonly string[] = [...HAPPENINGS, ...DIRECTIONS, 'drift']

function configOf(size: TowerSize): TubeletConfig {
  const { side, patch, frames } = SIZES[size]
  return {
    model_type: 'tubelet_vision_model',
    ...layersOf(size, 4),
    ...ENCODER,
    image_size: side,
    patch_size: patch,
    num_frames: frames,
    tubelet_size: 2,
  }
}

/** What goes on in every slot of a film: slots x signs. */
export function signsOf(film: Film, slots: number): number[] {
  const found = SIGNS.map(() => new Array<number>(slots).fill(0))
  const mark = (sign: string | undefined, from: number, to: number) => {
    const row = found[SIGNS.indexOf(sign ?? '')]
    for (const [slot, value] of slotsOf(from, to, film.frames, slots).entries())
      if (row) row[slot] = Math.max(row[slot], value)
  }
  for (const shot of film.shots) {
    if (shot.drift !== 0) mark('drift', shot.from, shot.to)
    for (const { kind, direction, from, to } of shot.happenings)
      for (const sign of [kind, direction]) mark(sign, from, to + 1)
  }
  return Array.from({ length: slots }, (_, slot) => found.map((row) => row[slot])).flat()
}

function films({ seed }: TrainingData, size: TowerSize): Stream<Batch> {
  const { side, frames, batch, films } = SIZES[size]
  const { times } = tubeletGrid(configOf(size))
  const bank = pictureBank(side, (index) => {
    const film = makeFilm({ split: 'train', seed, index, frames, art: nodeArt() })
    return { images: framesOf(film).map(imageOfScene), facts: signsOf(film, times) }
  })
  return (step) => {
    const rng = Rng.from(seed, 'tower-zt', step)
    const chosen = Array.from({ length: batch }, () => rng.int(0, films - 1))
    const signs = chosen.flatMap((index) => bank.facts(index))
    const { data } = bank.pixels(chosen)
    return {
      frames: f32([batch, frames, 3, side, side], data),
      signs: f32([batch, times, SIGNS.length], Float32Array.from(signs)),
    }
  }
}

/** An encoder of clips that knows what happens in every two frames. */
export const zt: Tower = {
  id: 'zt',
  about: 'tubelet encoder of clips of eight frames on what happens in them and when',
  recipe: ({ size }) => {
    const { side, frames, batch, steps } = SIZES[size]
    const config = configOf(size)
    const { times } = tubeletGrid(config)
    return {
      stage: {
        name: 'events',
        ...stageOf(size, { steps, batch }),
        losses: (p) => {
          const shown = input('frames', [batch, frames, 3, side, side])
          const states = tubeletVision(p.at('vision_model'), config, shown)
          const moments = reshape(mean(states, 2), [batch, times, config.hidden_size])
          const logits = linear(p.at('heads', 'signs'), moments, SIGNS.length)
          return { events: binaryCrossEntropy(logits, input('signs', [batch, times, SIGNS.length])) }
        },
        batches: (data) => films(data, size),
      },
      files: { 'preprocessor_config.json': preprocessorOf(side), 'config.json': config },
      aside: { prefix: 'heads.' },
    }
  },
}
