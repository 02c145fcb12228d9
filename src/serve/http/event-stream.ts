import type { FastifyReply } from 'fastify'
import { STREAM_LIMITS, type StreamLimits } from '../limits.ts'

/** Server-sent events. A reader that does not read is dropped: what it leaves unread would fill the memory. */
export class EventStream {
  private isOpened = false
  private stalledSince: number | undefined
  private timer: NodeJS.Timeout | undefined
  private said = 0

  constructor(
    private readonly reply: FastifyReply,
    private readonly limits: StreamLimits = STREAM_LIMITS,
  ) {}

  /** Whether headers are gone: what fails from now on can only be said in the stream. */
  get isOpen(): boolean {
    return this.isOpened
  }

  open(): void {
    if (this.isOpened) return
    this.isOpened = true
    const { reply, limits } = this
    reply.hijack()
    reply.raw.writeHead(200, {
      ...reply.getHeaders(),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      connection: 'keep-alive',
      'x-accel-buffering': 'no',
    } as Record<string, string>)
    reply.raw.flushHeaders()
    reply.raw.on('drain', () => {
      this.stalledSince = undefined
    })
    reply.raw.on('close', () => clearInterval(this.timer))
    this.said = performance.now()
    this.timer = setInterval(() => this.look(), Math.min(limits.pingEvery, limits.stalledFor) / 4)
  }

  /** @param event its name, for clients that go by names */
  send(data: unknown, event?: string): void {
    this.open()
    const text = typeof data === 'string' ? data : JSON.stringify(data)
    this.write(`${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`)
  }

  end(): void {
    clearInterval(this.timer)
    if (this.isOpened && !this.reply.raw.destroyed) this.reply.raw.end()
  }

  private write(text: string): void {
    const { raw } = this.reply
    if (raw.destroyed) return
    const isRead = raw.write(text)
    this.said = performance.now()
    if (!isRead) this.stalledSince ??= this.said
    if (raw.writableLength > this.limits.unreadBytes) this.drop()
  }

  private look(): void {
    const now = performance.now()
    const { pingEvery, stalledFor } = this.limits
    if (this.stalledSince !== undefined && now - this.stalledSince > stalledFor) this.drop()
    else if (now - this.said > pingEvery) this.write(': ping\n\n')
  }

  /** Its `close` ends the work for it. */
  private drop(): void {
    clearInterval(this.timer)
    this.reply.raw.destroy()
  }
}
