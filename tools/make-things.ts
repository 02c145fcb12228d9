/**
 * Writes the examples of things: `npx tsx tools/make-things.ts [FOLDER]`. `things.png` is a scene, `things.mp4` a film whose
 * things sound, `README.md` says what they show and who drew it. What questions about them have for answers, the World says.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  AudioSample,
  AudioSampleSource,
  BufferTarget,
  Mp4OutputFormat,
  Output,
  VideoSample,
  VideoSampleSource,
} from 'mediabunny'
import '@napi-rs/webcodecs/polyfill'
import type { RgbImage } from '../src/media/image.ts'
import { fromRgba } from '../src/training/mini/images.ts'
import {
  askAll,
  DEFAULT_SIZE,
  framesOf,
  makeThingScene,
  Rng,
  renderSound,
  type Scene,
  SOUND_RATE,
  type SoundingFilm,
  sampleSoundingFilm,
} from '../src/world/index.ts'
import { nodeArt } from '../src/world/node-art.ts'
import { renderPixels, renderSample } from '../src/world/node-canvas.ts'
import { planesOf } from '../tests/media/video/make-video.ts'
import { isEntry } from './entry.ts'

const BITRATE = 150_000
const SOUND_BITRATE = 32_000
const FILM = { split: 'test', seed: 3, index: 0, frames: 8, rate: 2, task: 'sound-source' } as const
const SCENE = {
  split: 'test',
  seed: 3,
  index: 1,
  layout: 'free',
  exactly: ['dog', 'apple', 'car', 'umbrella'],
} as const

const pictureOf = (scene: Scene): RgbImage => fromRgba(renderPixels(scene), scene.size, scene.size)

export const exampleFilm = (): SoundingFilm => sampleSoundingFilm({ ...FILM, art: nodeArt() })
export const exampleScene = (): Scene => makeThingScene({ ...SCENE, art: nodeArt() })

/** The film as MP4 with H.264 and the sound beside it. */
export async function makeFilmFile({ film, clip }: SoundingFilm): Promise<Uint8Array> {
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: 'in-memory' }), target: new BufferTarget() })
  const video = new VideoSampleSource({ codec: 'avc', bitrate: BITRATE, keyFrameInterval: 2 })
  const sound = new AudioSampleSource({ codec: 'aac', bitrate: SOUND_BITRATE })
  output.addVideoTrack(video, { frameRate: film.rate })
  output.addAudioTrack(sound)
  await output.start()
  for (const [index, scene] of framesOf(film).entries()) {
    const planes = planesOf(pictureOf(scene), 'bt709', false)
    const size = { codedWidth: DEFAULT_SIZE, codedHeight: DEFAULT_SIZE }
    const time = { timestamp: index / film.rate, duration: 1 / film.rate }
    const colorSpace = { matrix: 'bt709', primaries: 'bt709', transfer: 'bt709', fullRange: false } as const
    const sample = new VideoSample(planes, { format: 'I420', ...size, ...time, colorSpace })
    await video.add(sample)
    sample.close()
  }
  const data = renderSound(clip)
  const heard = new AudioSample({ data, format: 'f32', numberOfChannels: 1, sampleRate: SOUND_RATE, timestamp: 0 })
  await sound.add(heard)
  heard.close()
  await output.finalize()
  return new Uint8Array(output.target.buffer!)
}

/** What the examples show, in words. */
function describe(scene: Scene, { qa, sources, clip }: SoundingFilm): string {
  const asked = askAll(scene, Rng.from(1, 'example'), 6).map(({ question, answer }) => `- ${question} ${answer}`)
  const sounds = sources.map(
    (source, at) => `- ${source}: ${clip.events[at].voice}, from second ${clip.events[at].from}`,
  )
  return [
    '# Examples of things',
    '',
    'Written by `npx tsx tools/make-things.ts` from Fovea World. The drawings are those of Noto Emoji (Google, Apache-2.0)',
    'and Fluent Emoji (Microsoft, MIT), from the packages `@iconify-json/noto` and `@iconify-json/fluent-emoji-flat`.',
    '',
    '`things.png`:',
    '',
    ...asked,
    '',
    `\`things.mp4\`, ${clip.seconds} seconds with sound: ${qa.question} ${qa.answer}`,
    '',
    ...sounds,
    '',
  ].join('\n')
}

async function writeAll(folder: string): Promise<void> {
  const [scene, film] = [exampleScene(), exampleFilm()]
  await writeFile(join(folder, 'things.png'), renderSample({ scene }).png)
  await writeFile(join(folder, 'things.mp4'), await makeFilmFile(film))
  await writeFile(join(folder, 'README.md'), describe(scene, film))
}

if (isEntry(import.meta.url)) await writeAll(process.argv[2] ?? 'examples')
