/** Progress of long work on standard error: a live bar in a terminal, now and then a line elsewhere. */
import type { SingleBar } from 'cli-progress'
import { isInteractive, note } from './terminal.ts'

export interface ProgressView {
  /** Shows that `done` of `total` are finished; `status` is what else is worth knowing. */
  update(done: number, total: number, status: string): void
  /** Writes a line without tearing the bar. */
  say(line: string): void
  stop(): void
}

/** A bar with a label, or where there is no terminal a line at the first, at every `every`-th and at the last. */
export const progressView = (label: string, every: number): ProgressView =>
  isInteractive(process.stderr) ? liveBar(label) : plainLines(label, every)

function plainLines(label: string, every: number): ProgressView {
  return {
    update: (done, total, status) => {
      if (done === 1 || done % every === 0 || done === total) note(`${label} ${done}/${total} ${status}`)
    },
    say: note,
    stop: () => {},
  }
}

/** Bars are loaded where one is shown: most commands end without. What is told before that is seen with what comes next. */
function liveBar(label: string): ProgressView {
  let Bar: typeof SingleBar | undefined
  void import('cli-progress').then(
    (bars) => {
      Bar = bars.SingleBar
    },
    () => {}, // the work goes on without a bar
  )
  const format = `${label} {bar} {value}/{total} {status} · {left}`
  let bar: SingleBar | undefined
  const stop = () => {
    bar?.stop()
    bar = undefined
  }
  let started: { at: number; done: number } | undefined
  return {
    update: (done, total, status) => {
      started ??= { at: performance.now(), done: done - 1 }
      const each = (performance.now() - started.at) / (done - started.done)
      const payload = { status, left: `${formatDuration((each * (total - done)) / 1000)} left` }
      if (bar) bar.update(done, payload)
      else if (Bar) {
        bar = new Bar({ format, stream: process.stderr, barsize: 20, hideCursor: true, gracefulExit: false })
        bar.start(total, done, payload)
      }
    },
    say: (line) => {
      stop()
      note(line)
    },
    stop,
  }
}

/** Seconds as "41s", "3m 20s" or "2h 05m". */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole}s`
  const [minutes, rest] =
    whole < 3600 ? [Math.floor(whole / 60), whole % 60] : [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)]
  return whole < 3600
    ? `${minutes}m ${String(rest).padStart(2, '0')}s`
    : `${minutes}h ${String(rest).padStart(2, '0')}m`
}
