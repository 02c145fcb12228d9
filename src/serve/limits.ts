/** What a stranger may ask of a server. */
export const LIMITS = {
  bodyBytes: 32 * 2 ** 20,
  imageBytes: 20 * 2 ** 20,
  imagePixels: 40_000_000,
  /** Of all images together. */
  requestPixels: 160_000_000,
  images: 16,
  messages: 1024,
  /** Of all texts together, in UTF-16 code units. */
  textLength: 4_000_000,
  stopStrings: 16,
  /** Levels of lists and objects in a body. */
  jsonDepth: 64,
  /** Of a schema or a pattern that an answer must keep to. */
  formLength: 65_536,
  /** Of request headers. */
  headerBytes: 16_384,
  /** Of an uploaded file, and of all that are kept. */
  fileBytes: 200 * 2 ** 20,
  storedBytes: 20 * 2 ** 30,
  storedFiles: 10_000,
  /** Requests of a batch. */
  batchLines: 50_000,
  /** Batches that are not over, and all that are remembered. */
  openBatches: 100,
  batches: 10_000,
} as const

/** Milliseconds, and what a reader may leave unread. */
export interface StreamLimits {
  readonly pingEvery: number
  readonly stalledFor: number
  readonly unreadBytes: number
}

export const STREAM_LIMITS: StreamLimits = { pingEvery: 15_000, stalledFor: 30_000, unreadBytes: 2 * 2 ** 20 }

/** Milliseconds in which a request must have come. */
export interface ReceiveLimits {
  readonly headers: number
  readonly request: number
}

export const RECEIVE_LIMITS: ReceiveLimits = { headers: 15_000, request: 120_000 }
