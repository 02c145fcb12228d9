import {
  add,
  cast,
  concat,
  constant,
  cumsum,
  expand,
  fixedDim,
  less,
  mul,
  pad,
  reshape,
  select,
  slice,
  sub,
  type Tensor,
} from '../../tensor/index.ts'
import type { Site } from './method.ts'
import { methodError } from './method-error.ts'
import type { GatheredTokens } from './visual-tokens.ts'

/** The same tokens, and beside them something for the language model to read, [b, n, d]. */
export function leave<Tokens extends GatheredTokens>(tokens: Tokens, name: string, value: Tensor, by: string): Tokens {
  if (name in tokens.memory) throw methodError(`${by} leaves ${name} for the language model, which is there already`)
  return { ...tokens, memory: { ...tokens.memory, [name]: value } }
}

/** What `see` left under a name, of all pictures of the prompt, [1, n, d]. Throws FoveaError `method_unfit`. */
export function recall({ memory }: Pick<Site, 'memory'>, name: string, by: string): Tensor {
  const found = memory[name]
  if (found) return found
  const known = Object.keys(memory)
  const there = known.length > 0 ? `there is ${known.join(', ')}` : 'nothing was left'
  throw methodError(`${by} reads ${name} in the language model, but no method leaves that in see; ${there}`)
}

/** Something about each patch of the pictures of a prompt. */
export interface PatchMemory {
  /** [b, n, d] */
  readonly rows: Tensor
  /** The view that each patch is of, counted from 0 over the whole prompt, i64 [b, n]. */
  readonly view: Tensor
  /** The visual token of the prompt that each went into (`Sequence.source`), or -1: i64 [b, n]. */
  readonly owner: Tensor
}

/** Beside each row: 1 where a view begins, how many tokens the view has, which of them the patch went into. */
export const PATCH_TAGS = 3

/**
 * Leaves something about each patch, [b, n, d], for `recallPatches`, which finds the token that each went into. Methods to
 * the right cannot change the tokens any more.
 * @throws FoveaError `method_unfit` where the value is not of the patches, or patches of several views are laid out anew
 */
export function leavePatches<Tokens extends GatheredTokens>(
  tokens: Tokens,
  at: Site,
  name: string,
  value: Tensor,
  by: string,
): Tokens {
  const [batch, count] = tokens.owner.shape
  if (value.shape[1] !== count)
    throw methodError(`${by} leaves ${value.shape[1]} rows for the ${count} patches of a view; it needs one for each`)
  if (at.architecture.prompt.pack)
    throw methodError(`${by} has to find the token of every patch, but ${at.architecture.name} lays patches out anew`)
  const ones = expand(constant([1], [1, 1, 1]), [batch, count, 1])
  const start = pad(slice(ones, 1, 0, 1), 1, 0, fixedDim(by, ones, 1) - 1)
  const sizes = mul(ones, fixedDim(by, tokens.states, 1))
  const owner = reshape(cast(tokens.owner, 'f32'), [batch, count, 1])
  return { ...leave(tokens, name, concat([value, start, sizes, owner], 2), by), reliedOnBy: by }
}

/** What `leavePatches` left under a name. Throws FoveaError `method_unfit`. */
export function recallPatches(at: Pick<Site, 'memory'>, name: string, by: string): PatchMemory {
  const all = recall(at, name, by)
  const [batch, count] = all.shape
  const width = fixedDim(by, all, 2) - PATCH_TAGS
  const column = (tag: number) => cast(reshape(slice(all, 2, width + tag, width + tag + 1), [batch, count]), 'i64')
  const [start, sizes, own] = [column(0), column(1), column(2)]
  const before = sub(cumsum(mul(start, sizes), 1), sizes) // tokens of earlier views
  const owner = select(less(own, 0), -1, add(before, own))
  return { rows: slice(all, 2, 0, width), view: sub(cumsum(start, 1), 1), owner }
}
