import { FoveaError } from '../../errors.ts'

/** A method that cannot be traced into this model, or not after the methods before it; the message names who and why. */
export const methodError = (message: string, cause?: Error): FoveaError =>
  new FoveaError('method_unfit', 'usage', message, { cause })
