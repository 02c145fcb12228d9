/** Sounds, for models that have eyes only: as the picture of their log-mel energies. */

import { logMel } from '../../media/audio/log-mel.ts'
import type { RgbImage } from '../../media/image.ts'
import { renderSound, SOUND_TASK_IDS, type SoundClip, sampleSound, sampleSoundingFilm } from '../../world/index.ts'
import { nodeArt } from '../../world/node-art.ts'
import { SOUNDING_TASK_IDS } from '../../world/sound/sounding-film.ts'
import type { Group, GroupOptions, Section } from './section.ts'
import { drawersOf } from './things.ts'
import { filmShown } from './video.ts'

/** Natural logarithms of energy from black to white. */
const [QUIET, LOUD] = [-14, 4]

/** Time runs to the right, pitch upwards; brighter is louder. */
export function soundPicture(clip: SoundClip): RgbImage {
  const { frames, bands, values } = logMel(renderSound(clip))
  const data = new Uint8Array(3 * frames * bands)
  for (let frame = 0; frame < frames; frame++)
    for (let band = 0; band < bands; band++) {
      const share = (values[frame * bands + band] - QUIET) / (LOUD - QUIET)
      const gray = Math.round(255 * Math.min(1, Math.max(0, share)))
      data.fill(gray, 3 * ((bands - 1 - band) * frames + frame), 3 * ((bands - 1 - band) * frames + frame) + 3)
    }
  return { data, width: frames, height: bands }
}

const soundItem =
  ({ split, seed }: GroupOptions): Section['item'] =>
  (task, index) => {
    const { clip, qa } = sampleSound({ split, seed, index, task })
    return { shown: { pictures: [soundPicture(clip)] }, conversations: [[qa]], heldOut: false }
  }

/** The frames of the film, then the picture of its sound. */
function soundingItem({ split, seed, frames, rate, ...options }: GroupOptions): Section['item'] {
  const art = nodeArt()
  const [{ vendors }] = drawersOf({ split, seed, frames, rate, ...options })
  return (task, index) => {
    const { film, clip, qa, heldOut } = sampleSoundingFilm({ split, seed, index, task, art, vendors, frames, rate })
    const { pictures } = filmShown(film)
    return { shown: { pictures: [...pictures, soundPicture(clip)] }, conversations: [[qa]], heldOut }
  }
}

export const sound: Group = {
  id: 'sound',
  about: 'sounds as pictures of their log-mel energies, alone and beside films; no model here was trained on them',
  sections: (options) => [
    { id: 'clips', title: 'sounds', tasks: SOUND_TASK_IDS, language: 'en', item: soundItem(options) },
    {
      id: 'films',
      title: 'which thing made which sound',
      tasks: SOUNDING_TASK_IDS,
      language: 'en',
      item: soundingItem(options),
    },
  ],
}
