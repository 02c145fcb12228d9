import { linear, type Scope } from '../../nn/index.ts'
import {
  abs,
  add,
  cast,
  crossEntropy,
  greater,
  input,
  mean,
  mul,
  reshape,
  slice,
  square,
  sub,
  type Tensor,
  weightedMean,
} from '../../tensor/index.ts'
import { LABEL_CLASSES } from '../../world/labels.ts'
import { ITEM_CLASSES } from '../../world/things/item-labels.ts'
import { COLORS, SHAPES } from '../../world/vocabulary.ts'

/** Classes of the per-patch labels, in the order of the `labels` input. */
export const denseClasses = {
  ...LABEL_CLASSES,
  charIndex: 8,
  barValue: 12,
  name: ITEM_CLASSES.name,
  group: ITEM_CLASSES.group,
}
/** The label of a patch whose class is not known, or would not be fair to ask for. */
export const UNKNOWN = -1
export const denseNames = Object.keys(denseClasses) as (keyof typeof denseClasses)[]
const [SHAPE, NAME] = [denseNames.indexOf('shape'), denseNames.indexOf('name')]
/** Counts per colour, per shape, and of all objects: what CLS is asked for. */
export const summaryWidth = COLORS.length + SHAPES.length + 1

/** Background cells outnumber the others; they count this much. */
const BACKGROUND = 0.15

/** The class, and that of nothing where it is not known. */
export const known = (label: Tensor): Tensor => mul(label, cast(greater(label, 0), 'i64'))

/**
 * Losses that teach the vision encoder what lies in every patch: class, extent and letter of the object that owns it,
 * and for CLS the counts of the whole picture. hidden [b, 1 + n, d].
 */
export function denseLosses(p: Scope, hidden: Tensor, batch: number, patches: number, of = ''): Record<string, Tensor> {
  const labels = input(`${of}labels`, [batch, patches, denseNames.length], 'i64')
  const boxes = input(`${of}boxes`, [batch, patches, 4])
  const summary = input(`${of}counts`, [batch, summaryWidth])
  const tokens = slice(hidden, 1, 1)
  const label = (at: number) => reshape(slice(labels, 2, at, at + 1), [batch, patches])
  const losses = denseNames.map((name, at) => {
    const isAny = (least: number) => cast(greater(label(at), least), 'f32')
    const weights = add(mul(isAny(0), 1 - BACKGROUND), mul(isAny(UNKNOWN), BACKGROUND))
    return crossEntropy(linear(p.at(name), tokens, denseClasses[name]), known(label(at)), { weights })
  })
  const owned = cast(greater(add(known(label(SHAPE)), known(label(NAME))), 0), 'f32')
  const errors = mean(abs(sub(linear(p.at('box'), tokens, 4), boxes)), -1)
  const counts = linear(p.at('summary'), reshape(slice(hidden, 1, 0, 1), [batch, -1]), summaryWidth)
  return {
    patch: losses.reduce((a, b) => add(a, b)),
    box: mul(weightedMean(errors, owned), 10),
    summary: mean(square(sub(counts, summary))),
  }
}

/** Of those labels, the thing that each patch shows: i64 [b, n]. */
export const nameLabels = (batch: number, patches: number, of: string): Tensor =>
  reshape(slice(input(`${of}labels`, [batch, patches, denseNames.length], 'i64'), 2, NAME, NAME + 1), [batch, patches])
