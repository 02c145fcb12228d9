/** One branch of a survey's taxonomy. */
export interface Leaf {
  readonly category: string
  /** What belongs there, in own words. */
  readonly definition: string
  /** Ids of the catalogue, methods and runs. */
  readonly entries: readonly string[]
  /** Families that load here and do it, by `model_type` of their config. */
  readonly families?: readonly string[]
  /** Why nothing here stands for it. */
  readonly open?: string
}
