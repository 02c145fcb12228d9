/** How NoteLLM-2 is trained: pairs of notes find each other within a batch. */
import type { Architecture } from '../../../models/family.ts'
import type { Scope } from '../../../nn/index.ts'
import { read } from '../../../pipeline/flow/read.ts'
import { see } from '../../../pipeline/flow/see.ts'
import { compose } from '../../../pipeline/method/compose.ts'
import { idOf, type Method } from '../../../pipeline/method/method.ts'
import { rangeLike } from '../../../pipeline/method/rows.ts'
import type { Sequence } from '../../../pipeline/method/sequence.ts'
import { visualTags } from '../../../pipeline/method/token-tags.ts'
import type { VisualTokens } from '../../../pipeline/method/visual-tokens.ts'
import { embedTokens, encodeWords, wordsOf } from '../../../pipeline/method/words.ts'
import { i64 } from '../../../runtime/index.ts'
import {
  add,
  addDim,
  arange,
  cast,
  concat,
  constant,
  dimValue,
  expand,
  input,
  maximum,
  mul,
  reshape,
  sub,
  type Tensor,
} from '../../../tensor/index.ts'
import { adamw } from '../../../training/optimizers.ts'
import { ownWeights, type TrainingData, type TrainingStage } from '../../../training/recipe.ts'
import { warmupStableDecay } from '../../../training/schedules.ts'
import type { Batch } from '../../../training/step.ts'
import { noteLoss, tauOf } from './loss.ts'
import { type Note, notePair } from './notes.ts'

/** Pairs of a step, and tokens behind the picture of a note. */
const [PAIRS, TEXT] = [8, 128]

/** Notes of a step: the first of every pair, then the second ones. */
const NOTES = 2 * PAIRS

/** A stage that trains the embeddings of a method on pairs of notes; the vision encoder runs, and is frozen. */
export function noteStage(given: Method): TrainingStage {
  const method = compose(given)
  const steps = 300
  return {
    name: 'pairs',
    steps,
    rate: 1e-3,
    batch: PAIRS,
    schedule: warmupStableDecay(30, 0.4),
    trains: ownWeights,
    optimizer: () => adamw(),
    losses: (p, architecture) => pairLosses(p, architecture, method),
    batches: async (data) => {
      if (!data.drawing) throw new Error('notes have pictures of their own, and nothing here draws them')
      const draw = await data.drawing()
      return (step) => {
        const pairs = Array.from({ length: PAIRS }, (_, at) => notePair(data.seed, step * PAIRS + at))
        const notes = [0, 1].flatMap((which) => pairs.map((pair) => pair[which]))
        return { pixels: draw(notes.map(({ scene }) => scene)), ...textsOf(notes, method, data) }
      }
    },
  }
}

/** What the heads of a method say of the notes of a batch, [notes, width] each. */
export function readNotes(p: Scope, architecture: Architecture, method: Method): Readonly<Record<string, Tensor>> {
  const { viewSize: side } = architecture.vision
  const seen = see(p, architecture, method, { pixels: input('pixels', [NOTES, 3, side, side]) })
  const { memory } = seen
  return read(p, architecture, method, noteSequence(p, architecture, method, seen), { memory }).heads
}

function pairLosses(p: Scope, architecture: Architecture, method: Method): Record<string, Tensor> {
  const { embedding, visual = embedding } = readNotes(p, architecture, method)
  return { pairs: noteLoss(embedding, visual, tauOf(p.at('method', idOf(method)))) }
}

/** Tokens before the picture, the same in all notes, the picture, and tokens behind it, -1 where a note has no more. */
function noteSequence(
  p: Scope,
  architecture: Architecture,
  method: Method,
  seen: VisualTokens,
): Omit<Sequence, 'ran' | 'changedBy'> {
  const embed = (ids: Tensor) => embedTokens(p, architecture, method, maximum(ids, 0))
  const opening = input('opening', ['opening'], 'i64')
  const before = expand(reshape(opening, [1, 'opening']), [NOTES, 'opening'])
  const behind = input('ids', [NOTES, TEXT], 'i64')
  const { states } = seen
  const picture = visualTags(seen, seen.vision.grid)
  const among = (tag: Tensor, ofText: (ids: Tensor) => Tensor) => concat([ofText(before), tag, ofText(behind)], 1)
  const none = (like: Tensor) => sub(mul(like, 0), 1)
  const tokens = none(picture.view)
  const length = addDim(addDim('opening', states.shape[1]), TEXT)
  const slots = (like: Tensor, ...after: Tensor[]) =>
    after.reduce((places, { shape }) => add(places, dimValue(shape[1])), rangeLike(like))
  return {
    states: concat([embed(before), states, embed(behind)], 1),
    positions: expand(reshape(cast(arange(length), 'f32'), [1, length]), [NOTES, length]),
    tags: {
      view: among(picture.view, none),
      row: among(picture.row, none),
      column: among(picture.column, none),
      token: among(tokens, (ids) => ids),
    },
    visual: slots(tokens, before),
    text: concat([slots(before), slots(behind, before, tokens)], 1),
    source: slots(tokens),
    opening: constant([1], []),
  }
}

/** What a picture stands for while a prompt is written. */
const PICTURE = '\u0000'

/** The prompts of notes as the method writes them: tokens before the picture, and behind it those of each note. */
function textsOf(notes: readonly Note[], method: Method, data: TrainingData): Batch {
  const written = notes.map(({ text }) => promptOf(text, method, data))
  const [{ opening }] = written
  return {
    opening: i64([opening.length], opening),
    ids: i64(
      [NOTES, TEXT],
      written.flatMap(({ ids }) => [...ids, ...new Array<number>(TEXT - ids.length).fill(-1)]),
    ),
  }
}

/** The prompt of a text, of which as many words are left as there is room for. */
function promptOf(text: string, method: Method, { architecture, encode }: TrainingData) {
  const words = wordsOf(method, architecture)
  const tokensOf = (piece: string) => encodeWords(piece, words, encode)
  for (let left = text; ; left = left.slice(0, Math.max(0, left.lastIndexOf(' ')))) {
    const prompt = method.read!.prompt!({ text: left, pictures: PICTURE }, architecture)
    const [opening, ids] = prompt.text.split(PICTURE).map(tokensOf)
    if (ids.length <= TEXT || left === '') return { opening, ids: ids.slice(0, TEXT) }
  }
}
