import { type GallerySample, galleryPage, type Plate } from './gallery/page.ts'
import { nodeArt } from './node-art.ts'
import { renderColors } from './node-canvas.ts'
import { EXPORT_TASKS, type Exhibit, type ExhibitOptions, exhibitsOf } from './node-exhibits.ts'
import type { QA } from './questions/task.ts'
import type { Scene } from './scene.ts'
import { itemMap } from './things/masks.ts'

export interface GalleryOptions extends ExhibitOptions {
  /** Samples of each task. */
  readonly n: number
  readonly signal?: AbortSignal
}

/** The fields that lines of `data.jsonl` may have. */
interface Line extends Partial<QA> {
  readonly image?: string
  readonly images?: readonly string[]
  readonly frames?: string
  readonly views?: readonly string[]
  readonly sound?: string
  readonly turns?: readonly QA[]
  readonly instruction?: string
  readonly options?: readonly string[]
  readonly scenes?: readonly Scene[]
}

const MOST_FRAMES = 16
const WAVE_POINTS = 400

const inline = (bytes: Uint8Array, type: string): string =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`

/** The pictures that a line names, in order; of long films every so many-th. */
function picturesOf({ files }: Exhibit, { image, images, frames, views }: Line): Uint8Array[] {
  const named = image ? [image] : (images ?? [])
  if (named.length > 0) return named.map((name) => files.get(name)!)
  return [...(frames ? [frames] : []), ...(views ?? [])].flatMap((folder) => {
    const all = [...files].filter(([name]) => name.startsWith(`${folder}/`)).map(([, bytes]) => bytes)
    const every = Math.ceil(all.length / MOST_FRAMES)
    return all.filter((_, i) => i % every === 0)
  })
}

/** The loudest sample of every stretch of a WAV file, signs kept. */
function waveOf(wav: Uint8Array): number[] {
  const samples = new Int16Array(wav.slice(44).buffer)
  const step = Math.ceil(samples.length / WAVE_POINTS)
  return Array.from({ length: Math.floor(samples.length / step) }, (_, i) => {
    const part = samples.subarray(i * step, (i + 1) * step)
    return part.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0) / 32768
  })
}

function linesOf({ turns, question, answer, instruction, options }: Line): GallerySample['lines'] {
  if (turns) return turns
  if (instruction) return [{ question: instruction, answer: '' }]
  const asked = options ? `${question} ${options.map((option, i) => `(${'ABCD'[i]}) ${option}`).join(' ')}` : question
  return asked === undefined ? [] : [{ question: asked, answer: answer ?? '' }]
}

function sampleOf(exhibit: Exhibit): GallerySample {
  const line = exhibit.record as Line
  const boxes = [line.box, ...(line.turns ?? []).map(({ box }) => box)].filter((box) => box !== undefined)
  const pictures = picturesOf(exhibit, line)
  const plates = pictures.map((bytes, i): Plate => {
    const scene = line.scenes?.[i]
    const mask = scene && renderColors(itemMap(scene.items ?? [], scene.size, nodeArt()), scene.size)
    const one = pictures.length === 1 ? { boxes: boxes.slice(0, 1) } : {}
    return { source: inline(bytes, 'image/png'), ...one, ...(mask && { mask: inline(mask, 'image/png') }) }
  })
  const wav = line.sound === undefined ? undefined : exhibit.files.get(line.sound)
  const sound = wav && { source: inline(wav, 'audio/wav'), wave: waveOf(wav) }
  return { plates, ...(sound && { sound }), lines: linesOf(line) }
}

/** Tasks that a gallery shows: all but mixes of others, and streams, which are too long for a page. */
const SHOWN = EXPORT_TASKS.filter((task) => !['things', 'video', 'stream', 'sound'].includes(task))

/**
 * A page of samples, question by question, with boxes, masks, strips of film and waves of sound. Throws FoveaError for bad
 * options and missing packages.
 */
export function worldGallery({ n, signal, task, ...options }: GalleryOptions): { page: string; samples: number } {
  const tasks = task === undefined ? SHOWN : [task]
  const sections = tasks.map((title) => {
    signal?.throwIfAborted()
    const make = exhibitsOf({ ...options, task: title })
    return { title, samples: Array.from({ length: n }, (_, index) => sampleOf(make(index))) }
  })
  const page = galleryPage(`Fovea World, ${options.split}, seed ${options.seed}`, sections)
  return { page, samples: sections.reduce((sum, { samples }) => sum + samples.length, 0) }
}
