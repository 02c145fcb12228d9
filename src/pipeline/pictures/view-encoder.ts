import type { Backend } from '../../runtime/index.ts'
import type { EncodedView } from '../flow/encoded-view.ts'
import { ProgramCache } from '../flow/program-cache.ts'
import { compileVision, type VisionProgram, type VisionUse } from '../flow/vision-program.ts'
import { composed } from '../method/compose.ts'
import { blameMethod } from '../method/method-error.ts'
import type { ModelParts } from '../parts.ts'
import { HeldPrograms } from '../stream/held-programs.ts'
import { patchesOf } from './cuts.ts'
import type { ViewJob } from './view-job.ts'
import { groupsOf, inRuns, programOfView, viewsPerRun } from './view-runs.ts'

/** Vision programs, one per size of view and method, and whether for one view or several. */
const CACHED_PROGRAMS = 6

/** Runs views through the vision side of a model, those of one size together. */
export class ViewEncoder {
  private readonly programs = new ProgramCache<VisionProgram>(CACHED_PROGRAMS)
  private readonly frames = new HeldPrograms(this.programs)

  constructor(
    private readonly parts: ModelParts,
    private readonly backend: Backend,
  ) {}

  /** What becomes of each, in their order. */
  async encode(jobs: readonly ViewJob[]): Promise<EncodedView[]> {
    const encoded = new Map<ViewJob, EncodedView>()
    for (const group of groupsOf(jobs)) {
      const { use, most } = this.useFor(group)
      for (const run of inRuns(group, most)) {
        const views = await this.run(run, use)
        for (const [at, job] of run.entries()) encoded.set(job, views[at])
      }
    }
    return jobs.map((job) => encoded.get(job)!)
  }

  /** Forgets what the frames of a stream left for each other, for when it ends. */
  forgetStream(key: string): Promise<void> {
    return this.frames.release(key)
  }

  /** Forgets the programs, for when the engine ends. */
  clear(): void {
    this.programs.clear()
  }

  /** What a group is run by, and how many views at once. */
  private useFor(group: readonly ViewJob[]): { use: VisionUse; most: number } {
    const [job] = group
    if (job.video) return { use: { frames: group.length }, most: group.length }
    const single = group.length === 1 || job.stream || job.how.method.needs?.alone || !this.isRowwise
    const most = single ? 1 : viewsPerRun(patchesOf(this.parts.architecture, job.view))
    return { use: most > 1 ? 'views' : 'view', most }
  }

  /**
   * Whether what becomes of a view is the same whoever shares its run: the engine scales the activations of an int8 layer by
   * the largest of all rows.
   */
  private get isRowwise(): boolean {
    return this.parts.precision.layers.every(({ form }) => form !== 'int8')
  }

  /** One program is compiled for all views of a size, one for several of them together, and one for all frames of a video. */
  private async run(jobs: readonly ViewJob[], use: VisionUse): Promise<EncodedView[]> {
    const [job] = jobs
    const { how, view, stream } = job
    const { architecture, weights } = this.parts
    const compile = (use: VisionUse) => () =>
      compileVision(this.backend, architecture, weights, composed(how.method), view, use).catch(blameMethod)
    const key = programOfView(job)
    const encode = (program: VisionProgram) =>
      program.encode(
        jobs.map((each) => each.pixels()),
        how.asked,
        stream,
      )
    if (stream) return encode(await this.frames.of(stream.key, key, compile('stream')))
    return this.programs.use(`${key}|${JSON.stringify(use)}`, compile(use), encode)
  }
}
