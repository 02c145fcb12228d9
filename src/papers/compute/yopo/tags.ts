import type { Asked } from '../../../models/language/sequence.ts'
import { methodError } from '../../../pipeline/method/method-error.ts'
import type { Tensor } from '../../../tensor/index.ts'

export function ownTag({ input: { tags } }: Pick<Asked, 'input'>, name: 'view' | 'row' | 'column'): Tensor {
  const tag = tags?.[name]
  if (tag) return tag
  throw methodError(`yopo reads the ${name} of every visual token, but this sequence comes without that tag`)
}
