import { FoveaError } from '../../errors.ts'

interface Waiting {
  start(): void
}

/** So many at once, so many more in line, in the order in which they came. */
export class Queue {
  running = 0
  private readonly line: Waiting[] = []
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

  /** Takes no more work; resolves when all that was taken is done. */
  async close(): Promise<void> {
    this.isClosed = true
    if (this.running > 0 || this.line.length > 0) await new Promise<void>((resolve) => this.idle.push(resolve))
  }

  private async enter(signal?: AbortSignal): Promise<void> {
    if (this.isClosed) throw new FoveaError('server_closing', 'resource', 'the server is shutting down')
    signal?.throwIfAborted()
    if (this.running < this.atOnce) {
      this.running++
      return
    }
    if (this.line.length >= this.most) {
      const message = `the server is busy: ${this.running} requests run, ${this.line.length} wait; try again later`
      throw new FoveaError('queue_full', 'resource', message)
    }
    await this.turn(signal)
  }

  private turn(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.line.splice(this.line.indexOf(waiting), 1)
        reject(signal!.reason)
        this.tellIdle()
      }
      const waiting = {
        start: () => {
          signal?.removeEventListener('abort', leave)
          resolve()
        },
      }
      this.line.push(waiting)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }

  /** Whoever leaves gives the place to the next in line, who then counts as running. */
  private leave(): void {
    const next = this.line.shift()
    if (next) next.start()
    else this.running--
    this.tellIdle()
  }

  private tellIdle(): void {
    if (this.running > 0 || this.line.length > 0) return
    for (const tell of this.idle.splice(0)) tell()
  }
}
