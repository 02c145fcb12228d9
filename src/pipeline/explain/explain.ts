/** What a model answered and what it rested on. */
import { FoveaError } from '../../errors.ts'
import type { Scope } from '../../nn/index.ts'
import { i64, type Program, type Value } from '../../runtime/index.ts'
import type { Tensor } from '../../tensor/index.ts'
import { type Chunk, type LanguageProgram, promptFeeds } from '../flow/language-program.ts'
import type { Held } from '../flow/program-cache.ts'
import { ANSWERED } from '../flow/trace-language.ts'
import { dense } from '../method/compose.ts'
import type { Method } from '../method/method.ts'
import { methodError } from '../method/method-error.ts'
import { wholeKey } from '../method/places.ts'
import type { EncodedImage, ModelParts, PreparedImage } from '../parts.ts'
import type { AskOptions } from '../talk/ask-options.ts'
import { partsUnder } from '../talk/parts-under.ts'
import { tokensOfPatches } from '../talk/patch-tokens.ts'
import type { Reply } from '../talk/reply.ts'
import { behindPictures, joined, type Recording, recorded } from './recording.ts'
import { traceExplanation } from './trace.ts'

/** A token of the text. */
export interface Word {
  readonly id: number
  readonly text: string
}

export interface Guess extends Word {
  readonly probability: number
}

/** A token of the answer, and what the model would have said there behind each layer, the likeliest first. */
export interface Said extends Guess {
  readonly lens: readonly (readonly Guess[])[]
}

/** One layer of the language model; those that a method left out are not among them. */
export interface ExplainedLayer {
  /** Counted from 0. */
  readonly layer: number
  /** For each word, how much it looks at each visual token of the prompt, mean over heads; 0 where the layer had it no more. */
  readonly attention: readonly Float32Array[]
  /** States behind the layer where each token of the answer is predicted, [d] each; the last layer's are normalised. */
  readonly states: readonly Float32Array[]
}

export interface Explanation {
  readonly reply: Reply
  /** Text behind the pictures: the question, and all of the answer but its last token. */
  readonly words: readonly Word[]
  /** How many of these are of the question; the last of them predicts the first token of the answer. */
  readonly asked: number
  readonly answer: readonly Said[]
  readonly layers: readonly ExplainedLayer[]
  /**
   * How much each visual token of the prompt gave to the answer, not normalised: attention weighed by its gradients, rolled
   * out over the layers (Chefer et al. 2021). Absent where a method drops tokens within the language model.
   */
  readonly relevance?: Float32Array
  /** For each picture, for each patch of its views in raster order, its visual token; NaN where it has none. */
  readonly patches: readonly (readonly number[])[]
}

/** What is to be explained, and how many guesses are told of each layer. */
export type Explaining<Options> = Options & { readonly top?: number }

/** What can be explained. */
interface Explainable<Options> {
  readonly parts: ModelParts
  generate(options: Options): Promise<Reply>
  holdLanguage(method: Method): Promise<Held<LanguageProgram>>
  encodePictures(pictures: readonly PreparedImage[]): Promise<EncodedImage[]>
  compile(trace: (p: Scope) => Readonly<Record<string, Tensor>>, method?: Method): Promise<Program>
}

/**
 * Answers as `generate` does, then reads prompt and answer once more and tells what each word looked at, what each layer
 * would have said, and which visual tokens the answer rests on. Questions are taken one after another; what reads them once
 * more is compiled once for each method.
 * @throws the reason of a signal that was aborted; FoveaError `answer_empty` where nothing was said; `method_unfit` for methods that decode in a way of their own, and
 *   models that read the picture in an encoder; and what `generate` throws
 */
export async function explain<Options extends AskOptions & { readonly method?: Method }>(
  model: Explainable<Options>,
  questions: readonly Explaining<Options>[],
): Promise<Explanation[]> {
  const programs = new Map<string, Program>()
  try {
    const found: Explanation[] = []
    for (const asked of questions) found.push(await explainOne(model, asked, programs))
    return found
  } finally {
    for (const program of programs.values()) await program.dispose()
  }
}

async function explainOne<Options extends AskOptions & { readonly method?: Method }>(
  model: Explainable<Options>,
  { top = 5, ...options }: Explaining<Options>,
  programs: Map<string, Program>,
): Promise<Explanation> {
  const asked = options as unknown as Options
  const { method = dense } = asked
  assertExplainable(model.parts, method)
  const { model: listening, recording } = recorded(model)
  const said: number[] = []
  const onToken: AskOptions['onToken'] = (id, logits) => {
    said.push(id)
    asked.onToken?.(id, logits)
  }
  const reply = await listening.generate({ ...asked, onToken })
  asked.signal?.throwIfAborted()
  if (said.length === 0)
    throw new FoveaError('answer_empty', 'input', 'the answer is empty: there is nothing to explain')
  const chunk = joined(recording.chunks.slice(0, said.length))
  const key = `${wholeKey(method)} ${top}`
  const program = programs.get(key) ?? (await compiled(model, method, top))
  programs.set(key, program)
  const values = await run(model.parts, program, chunk, said)
  return told(model.parts, { reply, said, chunk, values, recording })
}

function assertExplainable({ architecture: { language, name } }: ModelParts, method: Method): void {
  if (language.answerStart !== undefined)
    throw methodError(
      `explain reads what a decoder looks at; ${name} reads the prompt in an encoder, use another model`,
    )
  const { answer, branches, step } = method.talk ?? {}
  if (answer || branches || step || method.needs?.store)
    throw methodError(`explain reads one answer of one reading; ${method.name} makes it of several, use another method`)
}

function compiled(model: Pick<Explainable<never>, 'parts' | 'compile'>, method: Method, top: number): Promise<Program> {
  const { architecture, words } = partsUnder(model.parts, method)
  return model.compile((p) => traceExplanation(p, architecture, method, { words, top }), method)
}

/** Reads a prompt and its answer at once. */
async function run(
  { architecture }: ModelParts,
  program: Program,
  chunk: Chunk,
  said: readonly number[],
): Promise<Readonly<Record<string, Value>>> {
  const known = new Set(program.inputs.map(({ name }) => name))
  const looking = behindPictures(chunk)
  const length = chunk.order.length
  const first = length - (said.length - 1)
  const own = {
    said: i64([said.length], said),
    words: i64([1, looking.length], looking),
    [ANSWERED]: i64(
      [1, length],
      chunk.order.map((_, slot) => Number(slot >= first)),
    ),
  }
  const asked = Object.fromEntries(Object.entries(own).filter(([name]) => known.has(name)))
  const { values } = await program.run({ ...promptFeeds(chunk, architecture, known), ...asked })
  return values
}

interface Found {
  readonly reply: Reply
  readonly said: readonly number[]
  readonly chunk: Chunk
  readonly values: Readonly<Record<string, Value>>
  readonly recording: Recording
}

function told({ tokenizer }: ModelParts, { reply, said, chunk, values, recording }: Found): Explanation {
  const wordOf = (id: number): Word => ({ id, text: tokenizer.decode([id]) })
  const ran = Object.keys(values).flatMap((name) => (name.startsWith('states.') ? [Number(name.slice(7))] : []))
  const order = ran.sort((a, b) => a - b)
  const guesses = (layer: number, at: number): Guess[] => {
    const [ids, chances] = [rowsOf(values[`lens.${layer}`])[at], rowsOf(values[`chance.${layer}`])[at]]
    return Array.from(ids, (id, rank) => ({ ...wordOf(id), probability: chances[rank] }))
  }
  const answer = said.map((id, at) => {
    const probability = Number(values.probability.data[at])
    return { ...wordOf(id), probability, lens: order.map((layer) => guesses(layer, at)) }
  })
  const count = chunk.visual.dims[0]
  const layers = order.map((layer): ExplainedLayer => {
    const attention = rowsOf(values[`attention.${layer}`]).map((row) => spread(row, values[`source.${layer}`], count))
    return { layer, attention, states: rowsOf(values[`states.${layer}`]) }
  })
  const words = behindPictures(chunk).map((at) => wordOf(chunk.ids[at]))
  const relevance = values.relevance && Float32Array.from(values.relevance.data, Number)
  const asked = words.length - (answer.length - 1)
  return {
    reply,
    words,
    asked,
    answer,
    layers,
    ...(relevance && { relevance }),
    patches: tokensOfPatches(recording.pictures),
  }
}

/** Rows of a matrix. */
function rowsOf({ dims: [rows, columns], data }: Value): Float32Array[] {
  const numbers = Float32Array.from(data, Number)
  return Array.from({ length: rows }, (_, row) => numbers.subarray(row * columns, (row + 1) * columns))
}

/** Values of the tokens that a layer had, among all of the prompt. */
function spread(row: Float32Array, source: Value, count: number): Float32Array {
  const all = new Float32Array(count)
  for (const [at, token] of Array.from(source.data, Number).entries()) all[token] = row[at]
  return all
}
