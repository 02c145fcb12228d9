import { sizeOfView, type View } from '../../models/views/view.ts'
import { type TracedPicture, tracePicture } from '../flow/trace-picture.ts'
import { composed } from '../method/compose.ts'
import { blameMethod } from '../method/method-error.ts'
import { keyOf } from '../method/places.ts'
import type { ModelParts, PromptSize } from '../parts.ts'
import { gridSpan } from '../talk/positions.ts'
import type { Plan } from './plan.ts'

/** Whether it is a tile counts for some methods. */
const kindOfView = (view: View): string => `${sizeOfView(view)}${view.tile ? 't' : ''}`

type Counted = Pick<TracedPicture, 'tokens' | 'span'>

const KNOWN_COUNTS = 256

/** How large pictures will be in a prompt, from the shapes of the traced vision side. Sizes that come again are known. */
export class PictureSizes {
  private readonly counts = new Map<string, Counted>()

  constructor(private readonly parts: ModelParts) {}

  /** At most so large, where a method drops tokens that only the data tells. */
  of(plan: Plan): PromptSize {
    const { tokens, span } = this.count(plan)
    return { tokens, positions: plan.cuts.slots ? span : this.positions(plan, span) }
  }

  private count({ cuts: { views, slots }, how: { method, asked = [], isVideo } }: Plan): Counted {
    const key = [keyOf(method, 'see'), asked.length, slots?.length, isVideo, ...views.map(kindOfView)].join('|')
    const sizes = { question: asked.length }
    const trace = (): Counted =>
      tracePicture(this.parts.architecture, composed(method), views, { slots, sizes, isVideo })
    const { tokens, span } = this.counts.get(key) ?? tracedBy(trace)
    if (this.counts.size >= KNOWN_COUNTS) this.counts.clear()
    this.counts.set(key, { tokens, span })
    return { tokens, span }
  }

  /** Of views, or of clips that are one run of tokens, where positions have several axes. */
  private positions({ place, cuts: { views } }: Plan, span: number): number {
    const { vision, language } = this.parts.architecture
    if (!language.positionAxes) return span
    const timeOf = (view: View) => view.clip?.time ?? 0
    if (place.views.length === 1) return gridSpan({ ...vision.grid(views[0]), times: views.map(timeOf) })
    return views.reduce((sum, view) => sum + gridSpan(vision.grid(view)), 0)
  }
}

function tracedBy<T>(trace: () => T): T {
  try {
    return trace()
  } catch (error) {
    return blameMethod(error)
  }
}
