/** Width times height of an image or of a frame of a video, unless the caller says otherwise. */
export const DEFAULT_MAX_PIXELS = 40_000_000
