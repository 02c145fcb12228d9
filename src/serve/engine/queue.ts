import { FoveaError } from '../../errors.ts'

interface Waiting {
  start(): void
}

/** Does work when its turn comes. */
export interface Turns {
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

/** So many at once, so many more in line, in the order in which they came. */
export class Queue implements Turns {
  running = 0
  private readonly line: Waiting[] = []
  /** Of those with all the time in the world. */
  private readonly patientLine: Waiting[] = []
  private patientRunning = 0
  private isClosed = false
  private readonly idle: (() => void)[] = []

  constructor(
    private readonly atOnce: number,
    private readonly most: number,
  ) {}

  get waiting(): number {
    return this.line.length
  }

  /**
   * Does some work when its turn comes.
   * @throws FoveaError kind `resource`: `queue_full`, `server_closing`; the reason of `signal` where it is aborted in line
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.enter(signal)
    try {
      return await work()
    } finally {
      this.leave()
    }
  }

  /** For work that begins only when nobody else waits; its line has no end, and it takes no place in the other. */
  readonly patient: Turns = {
    run: async (work, signal) => {
      await this.enter(signal, this.patientLine)
      try {
        return await work()
      } finally {
        this.patientRunning--
        this.leave()
      }
    },
  }

  /** Takes no more work; resolves when all that was taken is done. */
  async close(): Promise<void> {
    this.isClosed = true
    if (!this.isIdle) await new Promise<void>((resolve) => this.idle.push(resolve))
  }

  private get isIdle(): boolean {
    return this.running === 0 && this.line.length === 0 && this.patientLine.length === 0
  }

  private async enter(signal?: AbortSignal, line = this.line): Promise<void> {
    if (this.isClosed) throw new FoveaError('server_closing', 'resource', 'the server is shutting down')
    signal?.throwIfAborted()
    if (this.running < this.atOnce) {
      this.running++
      if (line === this.patientLine) this.patientRunning++
      return
    }
    if (line === this.line && line.length >= this.most + this.patientRunning) {
      const message = `the server is busy: ${this.running} requests run, ${this.line.length} wait; try again later`
      throw new FoveaError('queue_full', 'resource', message)
    }
    await this.turn(line, signal)
  }

  private turn(line: Waiting[], signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        line.splice(line.indexOf(waiting), 1)
        reject(signal!.reason)
        this.tellIdle()
      }
      const waiting = {
        start: () => {
          signal?.removeEventListener('abort', leave)
          if (line === this.patientLine) this.patientRunning++
          resolve()
        },
      }
      line.push(waiting)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }

  /** Whoever leaves gives the place to the next in line, who then counts as running. */
  private leave(): void {
    const next = this.line.shift() ?? this.patientLine.shift()
    if (next) next.start()
    else this.running--
    this.tellIdle()
  }

  private tellIdle(): void {
    if (!this.isIdle) return
    for (const tell of this.idle.splice(0)) tell()
  }
}
