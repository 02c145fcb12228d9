import type { EncodedView } from '../flow/encoded-view.ts'
import { joinMemory } from '../talk/layout.ts'

/** What encoding several views took together, and what they leave beside their tokens. */
export function effortOf(
  views: readonly EncodedView[],
): Pick<EncodedView, 'milliseconds' | 'cost' | 'memory' | 'signals' | 'changedBy'> {
  const sum = (value: (view: EncodedView) => number) => views.reduce((total, view) => total + value(view), 0)
  return {
    milliseconds: sum((view) => view.milliseconds),
    cost: { flops: sum(({ cost }) => cost.flops), bytes: sum(({ cost }) => cost.bytes) },
    memory: joinMemory(views),
    signals: {},
    changedBy: views[0].changedBy,
  }
}
