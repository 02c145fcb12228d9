/** Where a server listens, and who may ask. */
export interface GuardOptions {
  readonly host: string
  readonly key?: string
  /** Pages of other origins that may ask, such as `http://localhost:5173`. */
  readonly origins?: readonly string[]
}
