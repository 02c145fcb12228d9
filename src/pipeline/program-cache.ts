interface Entry<Program> {
  readonly program: Promise<Program>
  users: number
}

/**
 * Programs that are compiled when they are first used, and kept. Beyond `most` of them, the ones that were not used for
 * longest are freed: an encoder for images of any size would otherwise keep a session for every size it ever saw.
 */
export class ProgramCache<Program extends { dispose(): Promise<void> }> {
  private readonly entries = new Map<string, Entry<Program>>()

  constructor(private readonly most: number) {}

  /** Does some work with a program, which is not freed before the work has ended. A failed `compile` is not remembered. */
  async use<Result>(
    key: string,
    compile: () => Promise<Program>,
    work: (program: Program) => Promise<Result>,
  ): Promise<Result> {
    const entry = this.entries.get(key) ?? { program: compile(), users: 0 }
    this.entries.delete(key)
    this.entries.set(key, entry) // last in order: used most recently
    entry.users++
    try {
      return await work(await this.compiled(key, entry))
    } finally {
      entry.users--
      await this.freeOldest()
    }
  }

  /** Forgets all programs, for when the engine that holds them ends. */
  clear(): void {
    this.entries.clear()
  }

  private async compiled(key: string, entry: Entry<Program>): Promise<Program> {
    try {
      return await entry.program
    } catch (error) {
      if (this.entries.get(key) === entry) this.entries.delete(key)
      throw error
    }
  }

  private async freeOldest(): Promise<void> {
    for (const [key, { program, users }] of this.entries) {
      if (this.entries.size <= this.most) return
      if (users > 0) continue
      this.entries.delete(key)
      await (await program).dispose()
    }
  }
}
