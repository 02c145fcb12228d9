import type { View } from '../../models/views/view.ts'
import type { EncodedView } from '../flow/encoded-view.ts'
import { joinEmbeds } from '../talk/layout.ts'
import { effortOf } from './effort.ts'

/** The clips of a video as one run of tokens, one behind the other in time. */
export function joinClips(clips: readonly EncodedView[], views: readonly View[]): EncodedView {
  let first = 0
  const owner = clips.flatMap((clip) => {
    const start = first
    first += clip.embeds.dims[0]
    return clip.owner.map((token) => (token < 0 ? -1 : start + token))
  })
  const times = views.map((view) => view.clip?.time ?? 0)
  const [{ places }] = clips // of what a method made one run already
  return {
    embeds: joinEmbeds(clips),
    owner,
    grid: { ...clips[0].grid, times },
    ...(places && { places: places.map(([clip, row, column]) => [times[clip], row, column]) }),
    ...effortOf(clips),
  }
}
