import { FoveaError } from '../errors.ts'

/**
 * Refuses numbers that are none before they are kept: no answer would tell.
 * @throws FoveaError kind `input` `weights_not_finite`
 */
export function assertFinite(name: string, values: ArrayLike<number>, what = 'weights'): void {
  for (let at = 0; at < values.length; at++) {
    if (Number.isFinite(values[at])) continue
    const message = `${name}: number ${at} of ${values.length} is ${values[at]}; such ${what} are not kept`
    throw new FoveaError('weights_not_finite', 'input', message)
  }
}
