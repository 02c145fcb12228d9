import type { RgbImage } from '../../src/media/image.ts'
import type { Architecture } from '../../src/models/family.ts'
import { createScope, type Scope } from '../../src/nn/index.ts'
import { takenApart, tokenWidth } from '../../src/pipeline/flow/deep.ts'
import type { Chunk, ChunkResult } from '../../src/pipeline/flow/language-program.ts'
import { read } from '../../src/pipeline/flow/read.ts'
import { see } from '../../src/pipeline/flow/see.ts'
import { dense } from '../../src/pipeline/method/compose.ts'
import type { Method } from '../../src/pipeline/method/method.ts'
import { weightsUnder } from '../../src/pipeline/method/own-weights.ts'
import type { Placement } from '../../src/pipeline/method/placement.ts'
import { rowNumbers } from '../../src/pipeline/method/rows.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { layout, type PlacedChunk } from '../../src/pipeline/talk/layout.ts'
import { type Backend, compile, f32, i64, type Value } from '../../src/runtime/index.ts'
import {
  add,
  concat,
  constant,
  crossEntropy,
  expand,
  gather,
  grad,
  input,
  isFloat,
  mean,
  mul,
  reshape,
  slice,
  square,
  sub,
  type Tensor,
} from '../../src/tensor/index.ts'
import { sideOf } from './random-adapter.ts'

/** Token ids that a prompt of pictures begins with, then those of a question, as one chunk. */
export async function pictureChunk(
  model: Model,
  method: Method,
  images: readonly RgbImage[],
  question: readonly number[],
): Promise<PlacedChunk> {
  const { imageToken } = model.parts.architecture.prompt
  const encoded = []
  for (const image of images) encoded.push(await model.encode(image, method, images.length === 1, 'what is it?'))
  const ids = [...encoded.flatMap(({ prompt }) => prompt), ...question]
  return layout(
    ids,
    imageToken,
    encoded.flatMap(({ views }) => views),
    0,
    layoutOf(model, method),
  )
}

/** Text after a chunk. */
export const textChunk = (
  model: Model,
  ids: readonly number[],
  { end }: { end: number },
  method = dense,
): PlacedChunk => layout(ids, -1, [], end, layoutOf(model, method))

const layoutOf = ({ parts: { architecture } }: Model, { read }: Method) => ({
  axes: architecture.language.positionAxes,
  place: (own: Placement) => read?.positions?.(own, architecture) ?? own,
})

export interface Run extends ChunkResult {
  /** Rows that each layer has cached. */
  readonly rows: readonly number[]
}

let runs = 0

/** Runs chunks one after the other over one cache. */
export async function runChunks(model: Model, method: Method, chunks: readonly Chunk[]): Promise<Run[]> {
  const language = await model.language(method)
  const key = `chunks-${runs++}`
  const { answerStart } = model.parts.architecture.language
  await language.open(key)
  const results: Run[] = []
  for (const chunk of chunks) {
    const answer = answerStart === undefined ? undefined : [answerStart]
    const { logits, ...result } = await language.run(key, { ...chunk, answer })
    results.push({ ...result, logits: logits.slice(), rows: language.lengths(key) })
  }
  await language.close(key)
  return results
}

/**
 * The logits at the end of each prompt [b, vocabulary] as training computes them: all prompts as one batch, each picture
 * in segment 0 and its question in segment 1, no cache. The prompts are of the same sizes.
 */
export async function batchLogits(backend: Backend, model: Model, method: Method, chunks: readonly PlacedChunk[]) {
  const { architecture, weights } = model.parts
  const { language } = architecture
  const [batch, length] = [chunks.length, chunks[0].order.length]
  const scope = createScope()
  const leaves = batchInputs(model, chunks)
  const { visual, order, positions, segment, token, view, row, column, visualSlots, textSlots, ids, ...memory } =
    leaves.tensors
  const { states, deep } = takenApart(visual, architecture)
  const rows = concat([language.embed(scope, ids), states], 1)
  const start = {
    states: gather(rows, reshape(slice(order, 0, 0, 1), [length]), 1),
    positions,
    tags: { segment, token, view, row, column },
    visual: visualSlots,
    text: textSlots,
    source: constant(
      chunks.flatMap((chunk) => Array.from({ length: chunk.visual.dims[0] }, (_, at) => at)),
      visualSlots.shape.map(Number),
      'i64',
    ),
    ...(deep && { deep }),
    opening: constant([1], []),
  }
  const { hidden, logits } = read(scope, architecture, method, start, { memory })
  const last = reshape(slice(hidden, 1, Number(hidden.shape[1]) - 1), [batch, language.hiddenSize])
  const program = await compile(backend, { logits: logits(last) }, weightsUnder(method, weights))
  const known = new Set(program.inputs.map(({ name }) => name))
  const { values } = await program.run(
    Object.fromEntries(Object.entries(leaves.values).filter(([name]) => known.has(name))),
  )
  await program.dispose()
  const data = values.logits.data as Float32Array
  return chunks.map((_, at) => data.slice(at * language.vocabulary, (at + 1) * language.vocabulary))
}

/** Inputs of a batch of chunks of one form, and their values. */
function batchInputs(model: Model, chunks: readonly PlacedChunk[]) {
  const { positionAxes: axes } = model.parts.architecture.language
  const [batch, first] = [chunks.length, chunks[0]]
  const [length, count, text] = [first.order.length, first.visual.dims[0], first.ids.length]
  const slots = (isText: boolean) => (chunk: PlacedChunk) =>
    chunk.order.flatMap((from, slot) => (from < chunk.ids.length === isText ? [slot] : []))
  const question = (chunk: PlacedChunk) => {
    const end = chunk.order.findLastIndex((from) => from >= chunk.ids.length)
    return chunk.order.map((_, slot) => (slot > end ? 1 : 0))
  }
  const numbers = (shape: readonly number[], of: (chunk: PlacedChunk) => readonly number[]) =>
    i64([batch, ...shape], chunks.flatMap(of))
  const floats = (shape: readonly number[], of: (chunk: PlacedChunk) => ArrayLike<number>) =>
    f32([batch, ...shape], Float32Array.from(chunks.flatMap((chunk) => Array.from(of(chunk)))))
  const memory = Object.keys(first.memory ?? {}).map((name) => {
    const { dims } = first.memory![name]
    return [name, floats(dims, (chunk) => chunk.memory![name].data)] as const
  })
  const tag = (name: 'view' | 'row' | 'column') =>
    numbers([length], ({ tags, order }) => tags?.[name] ?? order.map(() => -1))
  const values: Record<string, Value> = {
    ids: numbers([text], ({ ids }) => ids),
    visual: floats([count, tokenWidth(model.parts.architecture)], ({ visual }) => visual.data),
    order: numbers([length], ({ order }) => order),
    positions: floats(axes ? [length, axes] : [length], ({ positions }) => positions),
    segment: numbers([length], question),
    token: numbers([length], ({ ids, order }) => order.map((from) => ids[from] ?? -1)),
    view: tag('view'),
    row: tag('row'),
    column: tag('column'),
    visualSlots: numbers([count], slots(false)),
    textSlots: numbers([text], slots(true)),
    ...Object.fromEntries(memory),
  }
  const tensors: Record<string, Tensor> = Object.fromEntries(
    Object.entries(values).map(([name, { dims, dtype }]) => [name, input(name, dims, dtype)]),
  )
  return { values, tensors }
}

/** Gradients of a loss over the answers of a batch of two, with respect to the weights of the method, by name. */
export async function ownGradients(backend: Backend, model: Model, method: Method): Promise<Map<string, Float32Array>> {
  const { architecture, weights } = model.parts
  const scope = createScope()
  const { loss, feeds } = trainingLoss(scope, architecture, method)
  const own = [...scope.parameters].filter(([name]) => name.startsWith('method.'))
  const gradients = grad(
    loss,
    own.map(([, leaf]) => leaf),
  )
  const outputs = Object.fromEntries(own.map(([name], at) => [`d ${name}`, gradients[at]]))
  const program = await compile(backend, { loss, ...outputs }, weightsUnder(method, weights))
  const known = new Set(program.inputs.map(({ name }) => name))
  const { values } = await program.run(Object.fromEntries(Object.entries(feeds).filter(([name]) => known.has(name))))
  await program.dispose()
  return new Map(own.map(([name]) => [name, values[`d ${name}`].data as Float32Array]))
}

const TEXT = 6

/** The whole model on two pictures, each with two questions that do not see each other, as training has them. */
function trainingLoss(p: Scope, architecture: Architecture, method: Method) {
  const { language } = architecture
  const pixels = [2, 3, sideOf(architecture), sideOf(architecture)]
  const question = input('question', [1, 3], 'i64')
  const seen = see(p, architecture, method, { pixels: input('pixels', pixels), question })
  const { states: visual, memory, deep } = seen
  const embeds = language.embed(p, input('ids', [2, TEXT], 'i64'))
  const tokens = rowNumbers(visual)
  const count = visual.shape[1] as number
  const [length, axes] = [count + TEXT, language.positionAxes]
  const side = Math.max(1, Math.ceil(Math.sqrt(count)))
  const tag = (of: (at: number) => number) => {
    const row = Array.from({ length }, (_, at) => (at < count ? of(at) : -1))
    return constant([...row, ...row], [2, length], 'i64')
  }
  const places = reshape(
    constant(
      Array.from({ length }, (_, at) => at),
      [1, length],
    ),
    [1, length],
  )
  const { hidden, logits, heads } = read(
    p,
    architecture,
    method,
    {
      states: concat([visual, embeds], 1),
      positions: axes ? expand(reshape(places, [1, length, 1]), [2, length, axes]) : expand(places, [2, length]),
      tags: {
        segment: concat([mul(tokens, 0), input('segments', [2, TEXT], 'i64')], 1),
        token: concat([sub(mul(tokens, 0), 1), input('ids', [2, TEXT], 'i64')], 1),
        view: tag(() => 0),
        row: tag((at) => Math.floor(at / side)),
        column: tag((at) => at % side),
      },
      visual: tokens,
      text: add(rowNumbers(embeds), count),
      source: tokens,
      ...(deep && { deep }),
      opening: constant([1], []),
    },
    { memory },
  )
  const ofText = slice(hidden, 1, Number(hidden.shape[1]) - TEXT)
  const answers = crossEntropy(logits(ofText), input('targets', [2, TEXT], 'i64'))
  const said = Object.values(heads).filter(({ dtype }) => isFloat(dtype))
  const loss = said.reduce((sum, head) => add(sum, mean(square(head))), answers)
  const ids = Array.from({ length: 2 * TEXT }, (_, at) => 20 + at)
  const values = Float32Array.from({ length: pixels.reduce((a, b) => a * b, 1) }, (_, at) => Math.sin(at * at))
  const feeds: Record<string, Value> = {
    pixels: f32(pixels, values),
    question: i64([1, 3], [3, 4, 5]),
    ids: i64([2, TEXT], ids),
    targets: i64(
      [2, TEXT],
      ids.map((id) => id + 1),
    ),
    segments: i64(
      [2, TEXT],
      ids.map((_, at) => (at % TEXT < TEXT / 2 ? 1 : 2)),
    ),
  }
  return { loss, feeds }
}
