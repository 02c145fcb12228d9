import { FoveaError } from '../../errors.ts'

/** A method that cannot be traced into this model, or not after the methods before it; the message names who and why. */
export const methodError = (message: string, cause?: Error): FoveaError =>
  new FoveaError('method_unfit', 'usage', message, { cause })

/** Shapes that do not fit are the method's fault. */
export function blameMethod(error: unknown): never {
  throw error instanceof Error && error.name === 'ShapeError' ? methodError(error.message, error) : error
}
