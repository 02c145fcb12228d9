import { FoveaError, kindOf } from '../errors.ts'

/**
 * Throws FoveaError `model_name_invalid`, kind `usage`, for what cannot name a model.
 * @param of the function that was called
 * @param forms what may name one there
 */
export function assertName(of: string, name: unknown, forms = 'a folder or org/name'): void {
  if (typeof name === 'string' && name !== '') return
  const given = name === '' ? '""' : kindOf(name)
  throw new FoveaError('model_name_invalid', 'usage', `${of}: a model is ${forms}, not ${given}`)
}
