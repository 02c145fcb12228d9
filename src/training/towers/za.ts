import { logMel } from '../../media/audio/log-mel.ts'
import { type SpectrogramConfig, spectrogram, spectrogramGrid } from '../../models/audio/spectrogram.ts'
import { linear } from '../../nn/index.ts'
import { f32 } from '../../runtime/index.ts'
import { input, mean, reshape } from '../../tensor/index.ts'
import { makeSound, Rng, renderSound, type SoundClip, VOICES } from '../../world/index.ts'
import type { Stream } from '../mix.ts'
import type { TrainingData } from '../recipe.ts'
import type { Batch } from '../step.ts'
import { binaryCrossEntropy, slotsOf } from './events.ts'
import { ENCODER, layersOf, stageOf, type Tower, type TowerSize } from './tower.ts'

const SIZES = {
  full: { seconds: 8, bands: 64, frames: 200, batch: 32, clips: 2000, steps: 2000 },
  tiny: { seconds: 2, bands: 32, frames: 40, batch: 3, clips: 3, steps: 3 },
} as const

/** Between frames, in milliseconds. */
const HOP = 40
/** Energies are taken this much off and divided by that. */
const [MEAN, DEVIATION] = [-8, 4]

function configOf(size: TowerSize): SpectrogramConfig {
  const { bands, frames } = SIZES[size]
  return {
    model_type: 'spectrogram_model',
    ...layersOf(size, 4),
    ...ENCODER,
    num_frames: frames,
    num_mel_bins: bands,
    patch_frames: 10,
    patch_bins: 16,
  }
}

/** Log-mel energies of a clip, normalised: frames x bands; what the clip lacks at its end is silence. */
function energiesOf(clip: SoundClip, { bands, frames }: { bands: number; frames: number }): Float32Array {
  const { values } = logMel(renderSound(clip), { bands, hopMs: HOP })
  const data = new Float32Array(frames * bands).fill((Math.log(2 ** -23) - MEAN) / DEVIATION)
  const most = Math.min(values.length, data.length)
  for (let at = 0; at < most; at++) data[at] = (values[at] - MEAN) / DEVIATION
  return data
}

/** Which voices sound in every slot: slots x voices. */
function voicesOf({ events, seconds }: SoundClip, slots: number): number[] {
  const rows = VOICES.map((voice) => {
    const own = events.filter((event) => event.voice === voice).map(({ from, to }) => slotsOf(from, to, seconds, slots))
    return Array.from({ length: slots }, (_, slot) => Math.max(0, ...own.map((row) => row[slot])))
  })
  return Array.from({ length: slots }, (_, slot) => rows.map((row) => row[slot])).flat()
}

function clips({ seed }: TrainingData, size: TowerSize): Stream<Batch> {
  const { seconds, bands, frames, batch, clips: count } = SIZES[size]
  const { times } = spectrogramGrid(configOf(size))
  const known = new Map<number, { energies: Float32Array; voices: number[] }>()
  const heard = (index: number) => {
    const found = known.get(index)
    if (found) return found
    const clip = makeSound({ split: 'train', seed, index, seconds })
    const made = { energies: energiesOf(clip, { bands, frames }), voices: voicesOf(clip, times) }
    known.set(index, made)
    return made
  }
  return (step) => {
    const rng = Rng.from(seed, 'tower-za', step)
    const chosen = Array.from({ length: batch }, () => heard(rng.int(0, count - 1)))
    const energies = new Float32Array(batch * frames * bands)
    for (const [at, each] of chosen.entries()) energies.set(each.energies, at * frames * bands)
    const voices = Float32Array.from(chosen.flatMap((each) => each.voices))
    return { energies: f32([batch, frames, bands], energies), voices: f32([batch, times, VOICES.length], voices) }
  }
}

/** An encoder of sounds that knows which voices are heard when. */
export const za: Tower = {
  id: 'za',
  about: 'encoder of log-mel energies on which voices are heard when',
  recipe: ({ size }) => {
    const { seconds, bands, frames, batch, steps } = SIZES[size]
    const config = configOf(size)
    const { times } = spectrogramGrid(config)
    return {
      stage: {
        name: 'voices',
        ...stageOf(size, { steps, batch }),
        losses: (p) => {
          const states = spectrogram(p.at('audio_model'), config, input('energies', [batch, frames, bands]))
          const moments = reshape(mean(states, 2), [batch, times, config.hidden_size])
          const logits = linear(p.at('heads', 'voices'), moments, VOICES.length)
          return { heard: binaryCrossEntropy(logits, input('voices', [batch, times, VOICES.length])) }
        },
        batches: (data) => clips(data, size),
      },
      files: {
        'preprocessor_config.json': {
          feature_extractor_type: 'FoveaLogMel',
          sampling_rate: 16000,
          num_mel_bins: bands,
          hop_ms: HOP,
          max_seconds: seconds,
          mean: MEAN,
          std: DEVIATION,
        },
        'config.json': config,
      },
      aside: { prefix: 'heads.' },
    }
  },
}
