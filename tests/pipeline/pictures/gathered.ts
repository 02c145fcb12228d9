import type { Architecture } from '../../../src/models/family.ts'
import type { PackedSlot } from '../../../src/models/views/prompt-form.ts'
import type { EncodedView } from '../../../src/pipeline/flow/encoded-view.ts'
import { compileGather, gatherShape } from '../../../src/pipeline/flow/gather-program.ts'
import { dense } from '../../../src/pipeline/method/compose.ts'
import { packingOf } from '../../../src/pipeline/pictures/packing.ts'
import { type Backend, f32, weightsOf } from '../../../src/runtime/index.ts'

/** Views packed by the compiled program, with a separator of this width. */
export async function packInGraph(
  backend: Backend,
  views: readonly EncodedView[],
  slots: readonly PackedSlot[],
  separator: readonly number[],
): Promise<EncodedView> {
  const architecture = {
    vision: { separator: (p: (name: string, shape: number[]) => unknown) => p('separator', [separator.length]) },
    language: { hiddenSize: separator.length },
  } as unknown as Architecture
  const packing = packingOf(slots, views)
  const values = new Map([['separator', f32([separator.length], Float32Array.from(separator))]])
  const table = { entries: new Map(), compileOptions: { weights: weightsOf(values) } }
  const program = await compileGather(backend, architecture, table, dense, gatherShape(dense, views, packing))
  const [packed] = await program.gather(views, packing)
  await program.dispose()
  return packed
}
