import type { PackedSlot } from '../../models/views/prompt-form.ts'
import type { Backend } from '../../runtime/index.ts'
import type { EncodedView } from '../flow/encoded-view.ts'
import { frameLayout } from '../flow/frame-layout.ts'
import { compileGather, type GatherProgram, gatherShape } from '../flow/gather-program.ts'
import type { PackingFeeds } from '../flow/gather-values.ts'
import { ProgramCache } from '../flow/program-cache.ts'
import type { StreamPlace } from '../method/carrying.ts'
import { composed } from '../method/compose.ts'
import type { Method } from '../method/method.ts'
import { blameMethod } from '../method/method-error.ts'
import { actsIn, programKey } from '../method/places.ts'
import type { FrameLayout } from '../method/visual-tokens.ts'
import type { ModelParts } from '../parts.ts'
import { HeldPrograms } from '../stream/held-programs.ts'
import { packingOf } from './packing.ts'

export interface Gathering {
  readonly method: Method
  /** Tokens of the question, where something reads it. */
  readonly asked?: readonly number[]
  /** Whether the views are the frames of a video. */
  readonly isVideo?: boolean
  /** Of a frame of a stream: which it is. */
  readonly stream?: StreamPlace
}

/** Programs without the weights of a model, one for each shape that a method sees. */
const CACHED_SHAPES = 16

/** What becomes of encoded views together: packed as the family does, then under what a method does to a whole picture. */
export class ViewGatherer {
  private readonly programs = new ProgramCache<GatherProgram>(CACHED_SHAPES)
  private readonly frames = new HeldPrograms(this.programs)

  constructor(
    private readonly parts: ModelParts,
    private readonly backend: Backend,
  ) {}

  /** As many views as were given, or one run where there are `slots` or a method made one of the frames of a video. */
  async gather(how: Gathering, views: readonly EncodedView[], slots?: readonly PackedSlot[]): Promise<EncodedView[]> {
    const { method } = how
    if (views.length === 0) return []
    const layout = how.isVideo ? frameLayout(views.length, views[0].embeds.dims[0], slots) : undefined
    if (slots) return this.run(how, views, layout, packingOf(slots, views))
    if (!actsIn(method, 'picture')) return [...views]
    const groups = alike(views)
    if (layout && groups.length === 1) return this.run(how, views, layout)
    const gathered = new Map<EncodedView, EncodedView>()
    for (const group of groups) {
      const results = await this.run(how, group, layout && { ...layout, count: group.length })
      for (const [at, view] of group.entries()) gathered.set(view, results[at])
    }
    return views.map((view) => gathered.get(view)!)
  }

  /** Forgets the programs, for when the engine ends. */
  clear(): void {
    this.programs.clear()
  }

  /** Forgets what the frames of a stream left for each other, for when it ends. */
  forgetStream(key: string): Promise<void> {
    return this.frames.release(key)
  }

  private async run(
    { method, asked, stream }: Gathering,
    views: readonly EncodedView[],
    layout?: FrameLayout,
    packing?: PackingFeeds,
  ) {
    const { architecture, weights } = this.parts
    const shape = gatherShape(method, views, packing, layout)
    const compile = () =>
      compileGather(this.backend, architecture, weights, composed(method), shape, stream !== undefined).catch(
        blameMethod,
      )
    const key = `${programKey(method, 'picture')}|${JSON.stringify(shape)}`
    const gather = (program: GatherProgram) => program.gather(views, packing, { question: asked, at: stream })
    if (stream) return gather(await this.frames.of(stream.key, key, compile))
    return this.programs.use(key, compile, gather)
  }
}

/** Views with equally many tokens and patches together. */
function alike(views: readonly EncodedView[]): EncodedView[][] {
  const groups = new Map<string, EncodedView[]>()
  for (const view of views) {
    const key = `${view.embeds.dims}|${view.owner.length}`
    groups.set(key, [...(groups.get(key) ?? []), view])
  }
  return [...groups.values()]
}
