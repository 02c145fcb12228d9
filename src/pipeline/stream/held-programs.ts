import type { Held, ProgramCache } from '../flow/program-cache.ts'

interface Remembering {
  dispose(): Promise<void>
  /** Forgets what the frames of a stream left for each other. */
  forget(stream: string): Promise<void>
}

/** Programs in which the frames of streams leave something for each other: none is freed before its streams end. */
export class HeldPrograms<Program extends Remembering> {
  private readonly held = new Map<string, Map<string, Held<Program>>>()

  constructor(private readonly cache: ProgramCache<Program>) {}

  /** The program of a stream under a key. */
  async of(stream: string, key: string, compile: () => Promise<Program>): Promise<Program> {
    const own = this.held.get(stream) ?? new Map<string, Held<Program>>()
    this.held.set(stream, own)
    const held = own.get(key) ?? (await this.cache.hold(`${key}|of a stream`, compile))
    own.set(key, held)
    return held.program
  }

  /** Ends a stream. */
  async release(stream: string): Promise<void> {
    const own = [...(this.held.get(stream)?.values() ?? [])]
    this.held.delete(stream)
    for (const { program, release } of own) await program.forget(stream).finally(release)
  }
}
