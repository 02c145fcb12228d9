import { assertOptions, disposedError, FoveaError } from '../errors.ts'
import type { RgbImage } from '../media/image.ts'
import type { View } from '../models/views/view.ts'
import { pixelsOf } from '../pipeline/flow/view-pixels.ts'
import { readImages } from '../pipeline/talk/given.ts'
import { type Backend, compile, i64, type Program } from '../runtime/index.ts'
import {
  EMBED_FORMS,
  type EmbedderParts,
  type Embeddings,
  type EmbedOptions,
  type Embeds,
  type Similarity,
} from './embedder-parts.ts'
import { traceImages, traceScale, traceTexts } from './embedder-program.ts'
import { assertWidth, similarityOf } from './similarity.ts'
import { fillUp, textIds } from './text-batch.ts'

/** How many go through an encoder at a time: more would gain no speed and take more memory. */
const BATCH = { images: 4, texts: 32 }

/** A loaded pair of image and text encoder. Each is compiled when it is first needed, and kept. */
export class Embedder implements Embeds {
  private readonly programs = new Map<string, Promise<Program>>()
  private isDisposed = false

  private constructor(
    readonly parts: EmbedderParts,
    private readonly backend: Backend,
    private readonly scale: readonly number[],
  ) {}

  static async open(parts: EmbedderParts, backend: Backend): Promise<Embedder> {
    const program = await compile(backend, traceScale(parts.encoder), parts.weights.compileOptions)
    const { values } = await program.run({})
    await program.dispose()
    assertNumbers(parts.name, values.scale.data as Float32Array)
    return new Embedder(parts, backend, Array.from(values.scale.data, Number))
  }

  get name(): string {
    return this.parts.name
  }

  get family(): string {
    return this.parts.encoder.name
  }

  /** Numbers in an embedding. */
  get width(): number {
    return this.parts.encoder.width
  }

  /**
   * Embeds images and texts into their common space.
   * @throws FoveaError `text_too_long`, `notes_unsupported`, `embedding_not_finite`, those of `readImage`; kind `usage`:
   *   `option_unknown`, `option_invalid`, `image_invalid`, `model_disposed`; the reason of `signal` once it is aborted
   */
  async embed(options: EmbedOptions): Promise<Embeddings> {
    if (this.isDisposed) throw disposedError('embedder')
    assertOptions('embed', options, EMBED_FORMS)
    const { texts = [], notes = [], truncate = false, signal } = options
    if (notes.length > 0) throw notesError(this.family)
    const images = await readImages('embed', options.images, this.parts.readImage)
    const ids = texts.map((text) => textIds(this.parts, text, truncate))
    return {
      images: await this.inBatches(images, BATCH.images, (some) => this.embedImages(some), signal),
      texts: await this.inBatches(ids, BATCH.texts, (some) => this.embedTexts(some), signal),
    }
  }

  /**
   * Compares each image with each text.
   * @throws FoveaError `embedding_invalid` for embeddings of another model
   */
  similarity({ images, texts }: Embeddings): Similarity {
    assertWidth([...images, ...texts], this)
    const [scale, bias = 0] = this.scale
    return similarityOf({ images, texts }, { scale, bias, probability: this.parts.encoder.probability })
  }

  /** Frees the sessions and ends the engine. */
  async dispose(): Promise<void> {
    this.isDisposed = true
    this.programs.clear()
    await this.backend.dispose()
  }

  private async inBatches<Item>(
    items: readonly Item[],
    size: number,
    embed: (some: readonly Item[]) => Promise<Float32Array>,
    signal?: AbortSignal,
  ): Promise<Float32Array[]> {
    const found: Float32Array[] = []
    for (let at = 0; at < items.length; at += size) {
      signal?.throwIfAborted()
      const some = items.slice(at, at + size)
      const rows = await embed(some)
      assertNumbers(this.parts.name, rows)
      for (let row = 0; row < some.length; row++) found.push(rows.slice(row * this.width, (row + 1) * this.width))
    }
    signal?.throwIfAborted()
    return found
  }

  /** Those whose views have one size go through the encoder together. */
  private async embedImages(images: readonly RgbImage[]): Promise<Float32Array> {
    const views = images.map((image) => this.parts.encoder.view(image))
    const rows = new Float32Array(images.length * this.width)
    for (const places of placesBySize(views)) {
      const found = await this.embedViews(places.map((place) => views[place]))
      for (const [at, place] of places.entries())
        rows.set(found.subarray(at * this.width, (at + 1) * this.width), place * this.width)
    }
    return rows
  }

  /** Views of one size. */
  private async embedViews(views: readonly View[]): Promise<Float32Array> {
    const { encoder, preprocessor } = this.parts
    const [{ width, height }] = views
    const plane = 3 * width * height
    const pixels = new Float32Array(views.length * plane)
    for (const [at, view] of views.entries()) pixels.set(pixelsOf(view, preprocessor), at * plane)
    const program = await this.program('images', () => traceImages(encoder))
    const { values } = await program.run(encoder.images.feeds(pixels, views[0]))
    return values.embeds.data as Float32Array
  }

  private async embedTexts(texts: readonly (readonly number[])[]): Promise<Float32Array> {
    const { ids, places, length } = fillUp(this.parts, texts)
    const program = await this.program('texts', () => traceTexts(this.parts.encoder))
    const feeds = { ids: i64([texts.length, length], ids), places: i64([texts.length], places) }
    const { values } = await program.run(feeds)
    return values.embeds.data as Float32Array
  }

  private program(key: string, trace: () => Parameters<typeof compile>[1]): Promise<Program> {
    const known = this.programs.get(key)
    if (known) return known
    const made = compile(this.backend, trace(), this.parts.weights.compileOptions)
    this.programs.set(key, made)
    made.catch(() => this.programs.delete(key))
    return made
  }
}

function notesError(family: string): FoveaError {
  const message = `${family} embeds images and texts apart; embed them together by a model that answers and a method, such as notellm-2`
  return new FoveaError('notes_unsupported', 'usage', message)
}

/** Throws FoveaError `embedding_not_finite`. */
function assertNumbers(name: string, rows: Float32Array): void {
  if (rows.every(Number.isFinite)) return
  const message = `${name}: an embedding holds what is not a number; its weights or the input are damaged`
  throw new FoveaError('embedding_not_finite', 'input', message)
}

/** Where among them the views of each size stand. */
function placesBySize(views: readonly View[]): Iterable<number[]> {
  const places = new Map<string, number[]>()
  for (const [place, { width, height }] of views.entries()) {
    const key = `${width}x${height}`
    places.set(key, [...(places.get(key) ?? []), place])
  }
  return places.values()
}
