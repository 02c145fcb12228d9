/** A teacher-forced pass: the language model reads questions with their answers, and says what it would have said. */
import type { Architecture } from '../../models/family.ts'
import type { Scope } from '../../nn/index.ts'
import { takenApart, tokenWidth } from '../../pipeline/flow/deep.ts'
import type { EncodedView } from '../../pipeline/flow/encoded-view.ts'
import { read } from '../../pipeline/flow/read.ts'
import { TAGS } from '../../pipeline/flow/trace-language.ts'
import type { Method } from '../../pipeline/method/method.ts'
import { gatherRows } from '../../pipeline/method/rows.ts'
import { embedTokens, wordsOf } from '../../pipeline/method/words.ts'
import { layout } from '../../pipeline/talk/layout.ts'
import { positionShape, textPosition } from '../../pipeline/talk/positions.ts'
import { f32, i64, type Value } from '../../runtime/index.ts'
import { addDim, arange, concat, gather, input, reshape, type Tensor } from '../../tensor/index.ts'

/**
 * Several conversations about the same pictures in one sequence: what they open with is seen by all (segment 0), each
 * conversation by itself only, at the positions that it would have alone. Output `logits` [asked, vocabulary], of the slots
 * that the input `asked` names.
 */
export function traceForced(p: Scope, architecture: Architecture, method: Method): Record<string, Tensor> {
  const { language } = architecture
  const words = wordsOf(method, architecture)
  const length = addDim('text', 'visual')
  const embedded = embedTokens(p, architecture, method, input('ids', ['text'], 'i64'), words)
  const { states, deep } = takenApart(input('visual', ['visual', tokenWidth(architecture)]), architecture)
  const rows = gather(concat([embedded, states], 0), input('order', [length], 'i64'))
  const tags = [...TAGS, 'segment'].map((tag) => [tag, input(tag, [1, length], 'i64')] as const)
  const { hidden, logits } = read(
    p,
    architecture,
    method,
    {
      states: reshape(rows, [1, length, language.hiddenSize]),
      positions: input('positions', positionShape(language, length)),
      tags: Object.fromEntries(tags),
      ...(deep && { deep: reshape(deep, [1, ...deep.shape]) }),
      visual: input('visualSlots', [1, 'visual'], 'i64'),
      text: input('textSlots', [1, 'text'], 'i64'),
      source: reshape(arange('visual'), [1, 'visual']),
      opening: input('opening', []),
    },
    { words },
  )
  const asked = gatherRows(hidden, input('asked', [1, 'asked'], 'i64'))
  const said = logits(asked)
  return { logits: reshape(said, ['asked', said.shape[2]]) }
}

/** What conversations share, and what each says behind it. */
export interface Strip {
  /** Token ids, one image token for each view. */
  readonly opening: readonly number[]
  readonly views: readonly EncodedView[]
  readonly conversations: readonly Conversation[]
}

export interface Conversation {
  readonly ids: readonly number[]
  /** Places of `ids` behind which the model is asked for a token. */
  readonly asked: readonly number[]
}

/** The inputs of a pass; answers to `asked` come in the order of the conversations. */
export function forcedFeeds(strip: Strip, { language, prompt }: Architecture): Record<string, Value> {
  const axes = language.positionAxes
  const chunk = layout(strip.opening, prompt.imageToken, strip.views, 0, { axes })
  const said = strip.conversations.flatMap(({ ids }) => ids)
  const [text, visual] = [chunk.ids.length + said.length, chunk.visual.dims[0]]
  // Rows of visual tokens stand behind those of all text.
  const order = chunk.order.map((row) => (row < chunk.ids.length ? row : row + said.length))
  const opened = order.length
  const starts = startsOf(strip.conversations, opened)
  const positions = strip.conversations.flatMap(({ ids }) =>
    ids.flatMap((_, at) => textPosition(chunk.end + at, axes).slots[0].place),
  )
  const segments = strip.conversations.flatMap(({ ids }, at) => new Array<number>(ids.length).fill(at + 1))
  const allIds = [...chunk.ids, ...said]
  const allOrder = [...order, ...said.map((_, at) => chunk.ids.length + at)]
  const tag = (name: 'view' | 'row' | 'column') => [
    ...(chunk.tags?.[name] ?? new Array<number>(opened).fill(-1)),
    ...new Array<number>(said.length).fill(-1),
  ]
  const slots = [...allOrder.keys()]
  const row = (values: readonly number[]) => i64([1, values.length], values)
  return {
    ids: i64([text], allIds),
    visual: visual === 0 ? f32([0, language.hiddenSize], new Float32Array(0)) : chunk.visual,
    order: i64([allOrder.length], allOrder),
    positions: f32(
      positionShape(language, allOrder.length).map(Number),
      Float32Array.from([...chunk.positions, ...positions]),
    ),
    segment: row([...new Array<number>(opened).fill(0), ...segments]),
    token: row(allOrder.map((from) => allIds[from] ?? -1)),
    view: row(tag('view')),
    row: row(tag('row')),
    column: row(tag('column')),
    textSlots: row(slots.filter((slot) => allOrder[slot] < text)),
    visualSlots: row(slots.filter((slot) => allOrder[slot] >= text)),
    opening: f32([], Float32Array.of(visual > 0 ? 1 : 0)),
    asked: row(strip.conversations.flatMap(({ asked }, at) => asked.map((place) => starts[at] + place))),
  }
}

/** The first slot of each conversation. */
function startsOf(conversations: readonly Conversation[], opened: number): number[] {
  let next = opened
  return conversations.map(({ ids }) => {
    const start = next
    next += ids.length
    return start
  })
}
