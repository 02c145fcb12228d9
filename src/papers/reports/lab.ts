import type { Difference } from '../../evaluation/paired.ts'
import type { Answer } from '../../evaluation/world.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import type { Part } from './row.ts'
import type { Writer } from './writer.ts'

/** Questions come from here; training never draws from it. */
export const SPLIT = 'test'

/** One way of answering: a method, on the lab's model unless another is given. */
export interface Arm {
  readonly method: Method
  readonly model?: Model
  /** What its answers are kept under; needed where the method's name does not say it all, as with another model. */
  readonly name?: string
  /** Shows a plain gray image in the place of each. */
  readonly blind?: boolean
}

/** What a paper's run works with. A run is called once for each part that is asked for. */
export interface Lab {
  readonly part: Part
  readonly seed: number
  /** Images per task. */
  readonly n: number
  /** Wants an answer in seconds; nothing measured now is kept. */
  readonly quick: boolean
  /** Aborts when the run is to end. `evaluate` and `remember` then throw, and the run is resumed another time. */
  readonly signal: AbortSignal
  /** Folder of the model that is measured. */
  readonly base: string
  /** The model that is measured: fovea-mini, unless another was asked for. Loaded once, disposed by the lab. */
  model(): Promise<Model>
  /** Who writes where the paper calls a language model; what it wrote is kept. The model itself, unless another was asked for. */
  writer(): Promise<Writer>
  /**
   * Answers of each arm to the same questions of Fovea World (test split, `n` images for each of the tasks, all of them
   * unless named), in the same order. Each answer is kept as it comes, so that a resumed run asks only the rest.
   */
  evaluate(arms: readonly Arm[], tasks?: readonly string[]): Promise<Answer[][]>
  /** Says how many arms will be evaluated from here on, for the time that is left. */
  expect(arms: number, tasks?: readonly string[]): void
  /**
   * How much larger the share of right answers is in the first than on average in the others, paired over questions:
   * 1 is all. Several others are draws of one baseline, such as random subsets.
   */
  compare(first: readonly Answer[], others: readonly (readonly Answer[])[]): Difference
  /** The same of the mean of several, such as one method trained from several seeds. */
  compareMeans(first: readonly (readonly Answer[])[], others: readonly (readonly Answer[])[]): Difference
  /**
   * The method of the paper with weights that its recipe comes to, trained under these options and a seed, then used under
   * them and `chosen`. A training that was ended goes on, and is not repeated once it is done. Two steps when quick.
   */
  trained(
    options: Readonly<Record<string, unknown>>,
    seed: number,
  ): Promise<(chosen?: Readonly<Record<string, unknown>>) => Method>
  /** What `make` gives, which must be plain data, or what it gave in the run that this one goes on from. */
  remember<T>(key: string, make: () => Promise<T>): Promise<T>
  progress(done: number, total: number, status: string): void
}
