import { fileURLToPath } from 'node:url'
import { loadModel } from '../../src/loading/node-load.ts'
import type { Video } from '../../src/media/video.ts'
import { dense } from '../../src/pipeline/method/compose.ts'
import type { Method } from '../../src/pipeline/method/method.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { picture } from './tiny-model.ts'

/** One family for each way in which the frames of a video enter a prompt: packed, as one run of clips, with text between. */
export const VIDEO_FAMILIES = ['llava-onevision-video', 'qwen2-vl', 'smolvlm2-video', 'internvl-video'] as const
export type VideoFamily = (typeof VIDEO_FAMILIES)[number]

export const loadFamily = (name: string): Promise<Model> =>
  loadModel(fileURLToPath(new URL(`../fixtures/families/${name}`, import.meta.url)), { threads: 1 })

/** Noise, or the same noise again where seeds are equal. A family that takes clips takes two frames as one. */
export function videoOf(model: Model, seeds: readonly number[]): Video {
  const image = (seed: number) => picture(seed, 56, 56)
  const isClips = model.parts.architecture.prompt.video!.views({ frames: [image(1)], framesPerSecond: 1 })[0].clip
  const frames = seeds.flatMap((seed) => (isClips ? [image(seed), image(seed)] : [image(seed)]))
  return { frames, framesPerSecond: isClips ? 2 : 1 }
}

/** What becomes of a video: all tokens one after another, and how many stand in each view of the prompt. */
export async function seen(model: Model, video: Video, method: Method = dense) {
  const { views } = await model.encodeVideo(video, method)
  return {
    embeds: views.flatMap(({ embeds }) => [...embeds.data]),
    counts: views.map(({ embeds }) => embeds.dims[0]),
    tokens: views.reduce((sum, { embeds }) => sum + embeds.dims[0], 0),
    width: views[0].embeds.dims[1],
    views,
  }
}
