import { Embedder } from '../../../embedding/embedder.ts'
import type { Embeds } from '../../../embedding/embedder-parts.ts'
import { FoveaError } from '../../../errors.ts'
import type { Embedded, EmbedJob, Words } from '../job.ts'
import { about } from '../job-error.ts'
import type { Opened } from '../opened.ts'
import { type ReadPicture, readPicture } from '../pictures.ts'
import type { Work } from '../work.ts'

/** Embeds images and texts into their common space. Throws FoveaError `embedding_unsupported`, and what `embed` throws. */
export async function embed(
  { embedder }: Pick<Opened, 'embedder'>,
  { inputs }: EmbedJob,
  { signal }: Work,
): Promise<Embedded> {
  if (!embedder) {
    const message = 'this server has no model that embeds; start it with --embedder and a CLIP or SigLIP model'
    throw new FoveaError('embedding_unsupported', 'usage', message)
  }
  const pictures: ReadPicture[] = []
  for (const input of inputs) if (input.type === 'image') pictures.push(await readPicture(input, pictures))
  const texts = inputs.filter((input): input is Words => input.type === 'text').map(({ text }) => text)
  const found = await about('input', () =>
    embedder.embed({ images: pictures.map(({ image }) => image), texts, signal }),
  )
  const [images, words] = [[...found.images], [...found.texts]]
  const vectors = inputs.map(({ type }) => (type === 'image' ? images.shift()! : words.shift()!))
  return { vectors, tokens: tokensOf(embedder, texts) }
}

function tokensOf(embedder: Embeds, texts: readonly string[]): number {
  if (!(embedder instanceof Embedder)) return 0
  return texts.reduce((sum, text) => sum + embedder.parts.tokenizer.encode(text).length, 0)
}
