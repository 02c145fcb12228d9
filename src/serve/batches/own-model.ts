import { setTimeout as wait } from 'node:timers/promises'
import type { Turns } from '../engine/queue.ts'
import type { Site } from '../site.ts'
import { answerRequest } from './answer-request.ts'
import type { Answer, Asked, Executor } from './executor.ts'

/** How often a request is tried over which the engine stops. */
const ATTEMPTS = 3
/** Milliseconds between looks at an engine that is being started. */
const POLL = 250

const UNAVAILABLE = 503

/** The model of this server, whenever nobody else wants it. */
export class OwnModel implements Executor {
  readonly atOnce = 1

  /** @param turns of those with all the time in the world */
  constructor(
    private readonly site: Site,
    private readonly turns: Turns,
  ) {}

  run({ read }: Asked, signal: AbortSignal): Promise<Answer> {
    return persistently(this.site, signal, () =>
      this.turns.run(async () => answerRequest(this.site, await read(), signal), signal),
    )
  }

  async forget(): Promise<void> {}

  async close(): Promise<void> {}
}

/** Asks again where the engine stopped, when it is there again: not for ever, since it may have stopped over this request. */
export async function persistently({ engine }: Site, signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    while (!engine.isReady) await wait(POLL, undefined, { signal })
    const answer = await ask()
    if (answer.status !== UNAVAILABLE || attempt === ATTEMPTS) return answer
  }
}
