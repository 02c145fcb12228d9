/** What a clip is read best as: its frames, what is said of them, or a few words of that. */

import { pairedDifference } from '../../../evaluation/paired.ts'
import type { RgbImage } from '../../../media/image.ts'
import { dense } from '../../../pipeline/method/compose.ts'
import type { Method } from '../../../pipeline/method/method.ts'
import type { Model } from '../../../pipeline/model.ts'
import type { Reply } from '../../../pipeline/talk/reply.ts'
import { grammarOf } from '../../../text/grammar.ts'
import { GREEDY } from '../../../text/sampling.ts'
import type { Tokenizer } from '../../../text/tokenizer.ts'
import { imageOf } from '../../../training/mini/data.ts'
import { COLORS, type Color, Rng } from '../../../world/index.ts'
import { pointsRow, shareRow, unmeasured } from '../../reports/figures.ts'
import { type Lab, SPLIT } from '../../reports/lab.ts'
import type { Row } from '../../reports/row.ts'
import { better, less } from '../../reports/verdict.ts'
import { captionOf } from './captions.ts'
import { type Clip, clipAt, FRAMES } from './clips.ts'
import { inSegments } from './stage.ts'

/** Tokens of a caption that are let through, beside all of them, and the budget of the claims. */
const BUDGETS = [2, 4, 8, 16]
const [CLAIMED, ALL] = [4, 512]
const DESCRIBE = 'describe the image.'

/** What one way of reading said of every clip. */
interface Told {
  readonly name: string
  readonly marks: readonly boolean[]
  readonly said: readonly Said[]
}

interface Said {
  readonly text: string
  /** Tokens that the language model read and wrote for it. */
  readonly spent: number
  /** Of reading the last prompt. */
  readonly flops: number
  readonly chosen: readonly string[]
}

type Under = (clip: Clip, at: number) => Method

type Options = Readonly<Record<string, unknown>>

/** @param build the method under options */
export async function* effect(lab: Lab, build: (options: Options) => Method): AsyncGenerator<Row> {
  const clips = Array.from({ length: lab.n }, (_, index) => clipAt({ split: SPLIT, seed: lab.seed, index }))
  const told = teller(lab, await lab.model(), clips)
  const plain = (options: Options) => build({ form: 'plain', frames: FRAMES, ...options })
  const frames = await told('frames', () => dense)
  const described = await told('descriptions by the model', () => plain({ ask: DESCRIBE }))
  const asked = await told('the question put to every frame', () => plain({ ask: '{question}' }))
  const both = await told('frames and descriptions', () => plain({ ask: DESCRIBE, read: 'both' }))
  const exact = await told('exact descriptions, nothing trained', ({ captions }) =>
    plain({ words: captionOf(captions) }),
  )
  for (const each of [frames, described, asked, both, exact]) yield* rowsOf(each)
  yield claim(lab, 'the question put to every frame, over frames', asked, frames)
  yield* trainedRows(lab, told, clips, frames)
  yield unmeasured('words over frame vectors, both trained', 'an adapter over one vector for each frame is not built')
}

/** What readers that were trained say of exact descriptions. */
interface Reader {
  readonly whole: Told
  readonly some: readonly Told[]
  /** Of `CLAIMED` tokens: those that were chosen, those that were drawn, and those chosen with another colour. */
  readonly chosen: Told
  readonly drawn: Told
  readonly edited: Told
}

/** Readers from several seeds, at all budgets, beside tokens that are drawn and words that are edited. */
async function* trainedRows(lab: Lab, told: Teller, clips: readonly Clip[], frames: Told): AsyncGenerator<Row> {
  const readers: Reader[] = []
  for (const seed of lab.quick ? [lab.seed] : [lab.seed, lab.seed + 1, lab.seed + 2]) {
    const reader = await readerOf(lab, told, seed)
    for (const each of [reader.whole, ...reader.some, reader.drawn]) yield rightRow(each)
    readers.push(reader)
  }
  const [whole, chosen, drawn, edited] = (['whole', 'chosen', 'drawn', 'edited'] as const).map((arm) =>
    readers.map((reader) => reader[arm]),
  )
  yield claimOfMeans(lab, 'exact descriptions read after training, over frames', whole, [frames])
  yield claimOfMeans(lab, `${CLAIMED} tokens chosen, over as many drawn`, chosen, drawn)
  yield interventionRow(clips, chosen, edited)
  yield savedRow(chosen[0], whole[0])
}

async function readerOf(lab: Lab, told: Teller, seed: number): Promise<Reader> {
  const { tokenizer } = (await lab.model()).parts
  const built = await lab.trained({ form: 'bottleneck', budget: CLAIMED }, seed)
  const read = (name: string, keep: number, words: (clip: Clip, at: number) => string) =>
    told(`${name}, trained from seed ${seed}`, (clip, at) => built({ words: words(clip, at), budget: keep }))
  const exact = ({ captions }: Clip) => captionOf(captions)
  const whole = await read('exact descriptions', ALL, exact)
  const some: Told[] = []
  for (const keep of BUDGETS) some.push(await read(`${keep} tokens of them`, keep, exact))
  const chosen = some[BUDGETS.indexOf(CLAIMED)]
  const draw = (clip: Clip, at: number) => drawn(tokenizer, exact(clip), Rng.from(seed, 'vamos drawn', at))
  const replace = (clip: Clip, at: number) => edited(chosen.said[at].chosen, clip) || clip.answer
  return {
    whole,
    some,
    chosen,
    drawn: await read(`${CLAIMED} tokens of them, drawn`, ALL, draw),
    edited: await read('chosen words, the colour replaced', ALL, replace),
  }
}

type Teller = (name: string, under: Under) => Promise<Told>

function teller(lab: Lab, model: Model, clips: readonly Clip[]): Teller {
  const images = clips.map(({ scenes }) => scenes.map(imageOf))
  return async (name, under) => {
    const said: Said[] = []
    for (const [at, clip] of clips.entries()) {
      said.push(await lab.remember(`${name} ${at}`, () => answer(lab, model, clip, images[at], under(clip, at))))
      lab.progress(at + 1, clips.length, name)
    }
    return { name, said, marks: said.map(({ text }, at) => text === clips[at].answer) }
  }
}

/** One of the colours, the likeliest; what leads to it is said freely. */
async function answer(
  { signal }: Lab,
  model: Model,
  { question }: Clip,
  images: readonly RgbImage[],
  method: Method,
): Promise<Said> {
  signal.throwIfAborted()
  const { allowed, longest } = grammarOf([COLORS.map((color) => model.parts.tokenizer.encode(color))])
  const reply = await model.generate({
    prompt: question,
    images,
    method,
    allowed,
    maxTokens: longest,
    signal,
    ...GREEDY,
  })
  const last = reply.calls?.at(-1) ?? reply
  return {
    text: reply.text.trim(),
    flops: last.flops.prefill,
    spent: readBy(reply) + reply.tokens.generated,
    chosen: chosenIn(reply),
  }
}

const readBy = ({ tokens, calls }: Reply): number =>
  calls && calls.length > 1 ? calls.reduce((sum, call) => sum + readBy(call), 0) : tokens.text + tokens.visual.after

const chosenIn = ({ notes = [] }: Reply): string[] =>
  notes.flatMap(({ note }) => (note as { chosen?: string[] }).chosen ?? [])

const rightRow = ({ name, marks }: Told): Row =>
  shareRow(`${name}: right answers`, marks.filter(Boolean).length, marks.length)

function* rowsOf(told: Told): Generator<Row> {
  const { name, said } = told
  yield rightRow(told)
  const value = said.reduce((sum, { spent }) => sum + spent, 0) / said.length
  yield { part: 'effect', name: `${name}: tokens spent`, value, unit: 'tokens', count: said.length }
}

const claim = (lab: Lab, name: string, first: Told, second: Told): Row => claimOfMeans(lab, name, [first], [second])

/** Paired over clips: of several arms, what they are on average. */
function claimOfMeans({ seed }: Lab, name: string, first: readonly Told[], second: readonly Told[]): Row {
  const mean = (arms: readonly Told[], at: number) =>
    arms.reduce((sum, { marks }) => sum + Number(marks[at]), 0) / arms.length
  const pairs = first[0].marks.map((_, cluster) => {
    return { stratum: 'clips', cluster, first: mean(first, cluster), second: mean(second, cluster) }
  })
  const difference = pairedDifference(pairs, { seed })
  return { ...pointsRow(name, difference), ...better(difference, second[0].name) }
}

/** One token of each segment, by chance, as text. */
function drawn({ encode, decode }: Pick<Tokenizer, 'encode' | 'decode'>, caption: string, rng: Rng): string {
  return decode(inSegments(encode(caption), CLAIMED).map((segment) => rng.pick(segment)))
}

const otherColor = (color: string): string => COLORS[(COLORS.indexOf(color as Color) + 1) % COLORS.length]

/** Chosen words that say another colour than the right one. */
const edited = (chosen: readonly string[], { answer }: Clip): string =>
  chosen.map((word) => (word === answer ? otherColor(answer) : word)).join(' ')

/** Of clips whose chosen words hold the right colour and were answered by it: how many follow when it is replaced. */
function interventionRow(clips: readonly Clip[], chosen: readonly Told[], edited: readonly Told[]): Row {
  const name = 'a colour among the chosen words replaced: answers that follow'
  const followed = chosen.flatMap(({ marks, said }, seed) =>
    clips.flatMap(({ answer }, at) => {
      if (!marks[at] || !said[at].chosen.includes(answer)) return []
      return [edited[seed].said[at].text === otherColor(answer)]
    }),
  )
  if (followed.length === 0) return unmeasured(name, 'no right answer had its colour among the chosen words')
  const row = shareRow(name, followed.filter(Boolean).length, followed.length)
  const [low, high] = row.interval!
  if (low > 50) return { ...row, holds: true }
  const reason = 'fewer than half of the answers follow for certain'
  return { ...row, holds: high < 50 ? false : 'undecided', reason }
}

function savedRow(some: Told, all: Told): Row {
  const flops = ({ said }: Told) => said.reduce((sum, { flops }) => sum + flops, 0)
  const value = flops(some) / flops(all)
  const name = `FLOPs of reading a prompt with ${CLAIMED} tokens of a caption, of those with all of it`
  return { part: 'effect', name, value, unit: 'x', count: some.said.length, ...less(value, 'what reading costs') }
}
