/** Width times height of a frame of a video, unless the caller says otherwise. */
export const DEFAULT_MAX_PIXELS = 40_000_000

/** Of an encoded image. */
export const DEFAULT_MAX_BYTES = 256 * 2 ** 20

/** That decoding an image may take: 200 megapixels of 8 bits. */
export const DEFAULT_MAX_MEMORY = 768 * 2 ** 20

/** Larger images are halved while they are read, until they have no more pixels; no model sees as many. */
export const READ_PIXELS = 40_000_000

/** On the command line, and in the library. */
export const RAISES_FILE_LIMIT = '--max-image-file, maxBytes'

/** Seconds that reading the pixels of an image may take; photographs of 48 megapixels take less than ten. */
export const DEFAULT_MAX_SECONDS = 60

/** On the command line, and in the library. */
export const RAISES_TIME_LIMIT = '--max-image-seconds, maxSeconds'
