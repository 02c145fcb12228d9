import type { ChunkResult, LanguageProgram } from '../../pipeline/flow/language-program.ts'
import { heldThrough } from '../../pipeline/flow/listening.ts'
import type { Model } from '../../pipeline/model.ts'

/** One run of a language program: what it was given, what came of it, and the rows of each layer's cache around it. */
export interface ProgramRun extends ChunkResult {
  readonly text: number
  readonly visual: number
  readonly rowsBefore: readonly number[]
  readonly rowsAfter: readonly number[]
}

/**
 * The same model, which notes every run of its language programs, in order: those of branches and of several calls for one
 * answer, too. It shares everything with the model and is not disposed.
 */
export function watchModel(model: Model): { readonly model: Model; readonly runs: readonly ProgramRun[] } {
  const runs: ProgramRun[] = []
  const holdLanguage = heldThrough(model, (program) => watching(program, runs))
  return { model: Object.create(model, { holdLanguage: { value: holdLanguage } }), runs }
}

const watching =
  (program: LanguageProgram, runs: ProgramRun[]): LanguageProgram['run'] =>
  async (key, chunk, ...rest) => {
    const rowsBefore = program.lengths(key)
    const result = await program.run(key, chunk, ...rest)
    const sizes = { text: chunk.ids.length, visual: chunk.visual.dims[0] }
    runs.push({ ...result, ...sizes, rowsBefore, rowsAfter: program.lengths(key) })
    return result
  }
