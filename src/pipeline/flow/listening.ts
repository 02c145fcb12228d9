import type { Method } from '../method/method.ts'
import type { LanguageProgram } from './language-program.ts'
import type { Held } from './program-cache.ts'

/** What of a model is listened to. */
export interface Heard {
  holdLanguage(method: Method): Promise<Held<LanguageProgram>>
}

/** How the model holds its language programs, each of whose runs goes through `around`. */
export function heldThrough(
  model: Heard,
  around: (program: LanguageProgram) => LanguageProgram['run'],
): Heard['holdLanguage'] {
  return async (method) => {
    const { program, release } = await model.holdLanguage(method)
    return { program: Object.create(program, { run: { value: around(program) } }), release }
  }
}
