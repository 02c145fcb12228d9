/** One slot of a prompt on its way into the language model, and where it stands for the rotary embedding. */
export interface PlacedSlot {
  readonly kind: 'text' | 'visual'
  /** The view that a visual token is of, counted from 0 over the pictures of the chunk; -1 for text. */
  readonly view: number
  /** The middle of the patches that went into it, in that view; -1 for text. */
  readonly row: number
  readonly column: number
  readonly time: number
  /** Its position, one number for each axis that the model's positions have. */
  readonly place: readonly number[]
}

/** From the position of the first token to that of what comes after. */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * Where the slots of a chunk stand. What comes after the chunk stands at `end`, on every axis; text goes on by 1 from one
 * token to the next, so that the end of a text can be taken back.
 */
export interface Placement extends Span {
  readonly slots: readonly PlacedSlot[]
  /** Where the model itself has each view: tokens may have been dropped at its beginning and at its end. */
  readonly views: readonly Span[]
}
