import { assertOptions } from '../errors.ts'
import type { Method } from '../pipeline/method/method.ts'
import type { Model } from '../pipeline/model.ts'
import { headsOf, unit } from '../pipeline/talk/embed.ts'
import { readImages } from '../pipeline/talk/given.ts'
import { EMBED_FORMS, type Embeddings, type EmbedOptions, type Embeds, type Similarity } from './embedder-parts.ts'
import { assertWidth, similarityOf } from './similarity.ts'

/** A model that answers as an embedder: what the head `embedding` of a method says of a prompt is its embedding. */
export class MethodEmbedder implements Embeds {
  private constructor(
    readonly model: Model,
    readonly method: Method,
    readonly width: number,
    private readonly scale: number,
  ) {}

  /** Throws FoveaError `method_unfit` for a method without that head, and what the model refuses. */
  static async open(model: Model, method: Method): Promise<MethodEmbedder> {
    const { embedding, scale } = await headsOf(model, { prompt: '', method })
    return new MethodEmbedder(model, method, embedding.data.length, Number(scale?.data[0] ?? 1))
  }

  get name(): string {
    return this.model.parts.name
  }

  get family(): string {
    return this.model.parts.architecture.name
  }

  /**
   * Embeds images, texts, and images and texts together, into one space. Prompts that are too long are refused.
   * @throws FoveaError what `Model.embed` throws; the reason of `signal` once it is aborted
   */
  async embed(options: EmbedOptions): Promise<Embeddings> {
    assertOptions('embed', options, EMBED_FORMS)
    const { texts = [], notes = [], signal } = options
    const { method } = this
    const images = await readImages('embed', options.images, this.model.parts.readImage)
    const each = async <Item>(items: readonly Item[], prompt: (item: Item) => Parameters<Model['embed']>[0]) => {
      const found: Float32Array[] = []
      for (const item of items) {
        signal?.throwIfAborted()
        found.push(unit((await headsOf(this.model, prompt(item))).embedding.data as Float32Array))
      }
      return found
    }
    return {
      images: await each(images, (image) => ({ prompt: '', images: [image], method, signal })),
      texts: await each(texts, (text) => ({ prompt: text, method, signal })),
      notes: await each(notes, ({ image, text }) => ({ prompt: text, images: [image], method, signal })),
    }
  }

  /**
   * Compares each image with each text, by cosines times what the head `scale` of the method says, or 1.
   * @throws FoveaError `embedding_invalid` for embeddings of another model
   */
  similarity({ images, texts }: Embeddings): Similarity {
    assertWidth([...images, ...texts], this)
    return similarityOf({ images, texts }, { scale: this.scale, bias: 0, probability: 'softmax' })
  }

  /** Frees the sessions and ends the engine. */
  dispose(): Promise<void> {
    return this.model.dispose()
  }
}
