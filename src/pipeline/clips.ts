import type { View } from '../models/family.ts'
import { joinEmbeds } from './layout.ts'
import type { EncodedView } from './vision-program.ts'

/** The clips of a video as one run of tokens, one behind the other in time. */
export function joinClips(clips: readonly EncodedView[], views: readonly View[]): EncodedView {
  let first = 0
  const owner = clips.flatMap((clip) => {
    const start = first
    first += clip.embeds.dims[0]
    return clip.owner.map((token) => (token < 0 ? -1 : start + token))
  })
  const sum = (value: (clip: EncodedView) => number) => clips.reduce((total, clip) => total + value(clip), 0)
  return {
    embeds: joinEmbeds(clips),
    owner,
    grid: { ...clips[0].grid, times: views.map((view) => view.clip?.time ?? 0) },
    milliseconds: sum((clip) => clip.milliseconds),
    cost: { flops: sum(({ cost }) => cost.flops), bytes: sum(({ cost }) => cost.bytes) },
  }
}
