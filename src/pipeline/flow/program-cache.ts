interface Entry<Program> {
  readonly program: Promise<Program>
  users: number
}

export interface Held<Program> {
  readonly program: Program
  /** Gives it back; more than once does no harm. */
  release(): Promise<void>
}

/**
 * Programs that are compiled when they are first used, and kept. Beyond `most` of them, the ones that were not used for
 * longest are freed: each holds weights of its own, and a session for every size and method ever seen would fill the memory.
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
    const { program, release } = await this.hold(key, compile)
    try {
      return await work(program)
    } finally {
      await release()
    }
  }

  /** A program that is not freed before it is released. */
  async hold(key: string, compile: () => Promise<Program>): Promise<Held<Program>> {
    const entry = this.entries.get(key) ?? { program: compile(), users: 0 }
    this.entries.delete(key)
    this.entries.set(key, entry) // last in order: used most recently
    entry.users++
    let isHeld = true
    const release = async () => {
      if (isHeld) entry.users--
      isHeld = false
      await this.freeOldest()
    }
    try {
      return { program: await this.compiled(key, entry), release }
    } catch (error) {
      await release()
      throw error
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
