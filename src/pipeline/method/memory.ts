import type { Tensor } from '../../tensor/index.ts'
import type { Site } from './method.ts'
import { methodError } from './method-error.ts'
import type { GatheredTokens } from './visual-tokens.ts'

/** The same tokens, and beside them something for the language model to read, [b, n, d]. */
export function leave<Tokens extends GatheredTokens>(tokens: Tokens, name: string, value: Tensor, by: string): Tokens {
  if (name in tokens.memory) throw methodError(`${by} leaves ${name} for the language model, which is there already`)
  return { ...tokens, memory: { ...tokens.memory, [name]: value } }
}

/** What `see` left under a name, of all pictures of the prompt, [1, n, d]. Throws FoveaError `method_unfit`. */
export function recall({ memory }: Site, name: string, by: string): Tensor {
  const found = memory[name]
  if (found) return found
  const known = Object.keys(memory)
  const there = known.length > 0 ? `there is ${known.join(', ')}` : 'nothing was left'
  throw methodError(`${by} reads ${name} in the language model, but no method leaves that in see; ${there}`)
}
