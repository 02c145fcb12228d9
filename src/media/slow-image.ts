import { FoveaError } from '../errors.ts'
import { RAISES_TIME_LIMIT } from './image-limits.ts'

/** The error for an image that took too long, or ended its reader. */
export function slowImage(problem: string, cause?: unknown): FoveaError {
  const advice = `it is damaged, or made to take long; raise the limit if it is neither (${RAISES_TIME_LIMIT})`
  return new FoveaError('image_slow', 'input', `the image cannot be read: ${problem}; ${advice}`, { cause })
}
