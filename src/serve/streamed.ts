import type { RunOptions } from './engine/engine.ts'
import type { Generated, GenerateJob, SaidToken } from './engine/job.ts'
import type { EventStream } from './http/event-stream.ts'
import { callIn, mayBeCall, type Toolbox, type ToolCall } from './wire/tools.ts'

/** Writes an answer as events of one interface. */
export interface Writer {
  /** Once the prompt was read. */
  begin(): void
  /** @param tokens of which the piece and what came before it is made, where they were asked for */
  text(piece: string, tokens: readonly SaidToken[]): void
  call(call: ToolCall): void
  end(result: Generated, call: ToolCall | undefined, tokens: readonly SaidToken[]): void
  /** What went wrong after the beginning. */
  fail(error: unknown): void
}

/** What answers, when its turn comes. */
export interface Answers {
  answer(job: GenerateJob, run: RunOptions): Promise<Generated>
}

/** Where a writer writes to. */
export type Sink = Pick<EventStream, 'isOpen' | 'end'>

export interface Asked {
  readonly job: GenerateJob
  readonly toolbox?: Toolbox
  readonly signal?: AbortSignal
}

export interface Answered {
  readonly result: Generated
  /** The function that the answer calls, if it does. */
  readonly call?: ToolCall
  /** Those of the answer, where they were asked for. */
  readonly tokens: readonly SaidToken[]
}

/** Throws what the answer is refused for. */
export async function wholeAnswer(model: Answers, { job, toolbox, signal }: Asked): Promise<Answered> {
  const tokens: SaidToken[] = []
  const result = await model.answer(job, {
    signal,
    onProgress: (progress) => {
      if (progress.type === 'token') tokens.push(progress.token)
    },
  })
  return { result, call: toolbox && callIn(result.text, toolbox), tokens }
}

/**
 * Answers piece by piece; what may turn out to be a call of a function is held back. Throws what an answer is refused for
 * before anything was sent.
 */
export async function streamAnswer(
  model: Answers,
  { job, toolbox, signal }: Asked,
  events: Sink,
  writer: Writer,
): Promise<void> {
  const speaker = new Speaker(events, writer, toolbox)
  try {
    const result = await model.answer(job, {
      signal,
      onProgress: (progress) => {
        if (progress.type === 'token') speaker.tokens.push(progress.token)
        else if (progress.type === 'text') speaker.say(progress.text)
        else speaker.begin()
      },
    })
    speaker.end(result)
  } catch (error) {
    if (!events.isOpen) throw error
    writer.fail(error)
  }
  events.end()
}

class Speaker {
  readonly tokens: SaidToken[] = []
  private held = ''
  private isHolding: boolean

  constructor(
    private readonly events: Sink,
    private readonly writer: Writer,
    private readonly toolbox?: Toolbox,
  ) {
    this.isHolding = toolbox !== undefined
  }

  begin(): void {
    if (!this.events.isOpen) this.writer.begin()
  }

  say(text: string): void {
    this.begin()
    this.held += text
    if (this.isHolding && mayBeCall(this.held)) return
    this.isHolding = false
    this.flush()
  }

  end(result: Generated): void {
    this.begin()
    const call = this.toolbox && this.isHolding ? callIn(this.held, this.toolbox) : undefined
    if (call) this.writer.call(call)
    else this.flush()
    this.writer.end(result, call, this.tokens.splice(0))
  }

  private flush(): void {
    if (this.held) this.writer.text(this.held, this.tokens.splice(0))
    this.held = ''
  }
}
