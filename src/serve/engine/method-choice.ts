import { FoveaError } from '../../errors.ts'
import { buildMethod, parseEntry, parseMethod } from '../../papers/methods.ts'
import { dense } from '../../pipeline/method/compose.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { MethodChoice } from './job.ts'
import { about } from './job-error.ts'

/** Where requests name their method. */
export const METHOD_PARAM = 'fovea.method'

/**
 * The method that a request asks for. Weights that are named by a folder are the server's affair.
 * @throws ParamError `unknown_method`, `unknown_option`, `invalid_option`, `method_unfit`, `method_weights`
 */
export const methodOf = (choice: MethodChoice | undefined): Promise<Method> =>
  about(METHOD_PARAM, async () => {
    if (choice === undefined) return dense
    const method = typeof choice === 'string' ? parseMethod(choice) : built(choice)
    if ([method, ...(method.parts ?? [])].some(({ weights }) => weights !== undefined))
      throw new FoveaError('method_weights', 'usage', 'a request cannot name the weights of a method; leave them out')
    return method
  })

function built({ id, options }: Exclude<MethodChoice, string>): Method {
  const { entry, given } = parseEntry(id)
  return buildMethod(entry, { ...given, ...options })
}
