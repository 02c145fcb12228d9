import type { Grid } from '../../models/vision-side.ts'
import type { Cost, Value } from '../../runtime/index.ts'

/** What became of one view: its visual tokens, and for each patch the token it went into (-1: dropped). */
export interface EncodedView {
  /** [m, d], or wider where early layers of the language model are given more (`tokenWidth`). */
  readonly embeds: Value<Float32Array>
  readonly owner: readonly number[]
  /** What methods left beside the tokens, by name, [n, d]. */
  readonly memory: Readonly<Record<string, Value<Float32Array>>>
  /** What was noted of each token, by name, [m]. */
  readonly signals: Readonly<Record<string, Value<Float32Array>>>
  /** Positions that they take in the prompt, where each keeps its own: the signal `place` says which. */
  readonly span?: number
  /** Who changed the number or meaning of the tokens, in order. */
  readonly changedBy: readonly string[]
  /** Of frames that share tokens: patches that went into a token of another frame, and its number among all of the video. */
  readonly elsewhere?: ReadonlyMap<number, number>
  /** Time, row and column of each token, where that is not the middle of its patches. */
  readonly places?: readonly (readonly number[])[]
  readonly grid: Grid
  readonly milliseconds: number
  readonly cost: Cost
}
