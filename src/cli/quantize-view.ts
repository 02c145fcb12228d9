/** The making of quantized weights on standard error: a line, and how much of how much is made. */
import type { PrecisionOptions } from '../quantization/node-precision.ts'
import { type ProgressView, progressView } from './progress.ts'
import { isInteractive, note } from './terminal.ts'

const MEGABYTE = 1e6
/** Lines where there is no terminal to redraw. */
const LINES = 4
/** Below so many megabytes it is over before anybody could read it. */
const WORTH_TELLING = 50

/** Says nothing where `isTold` is false, and no progress of what takes no time. */
export function quantizeView(isTold: boolean) {
  let view: ProgressView | undefined
  let shown = 0
  let isNoted = false
  const update: NonNullable<PrecisionOptions['onQuantize']> = (dtype, { done, total }) => {
    if (!isTold) return
    const all = Math.ceil(total / MEGABYTE)
    if (!isNoted) note(`quantizing the weights to ${dtype}, once: they are kept in the cache`)
    isNoted = true
    if (done === 0) shown = 0
    if (done === 0 || all < WORTH_TELLING) return
    view ??= progressView('made', isInteractive(process.stderr) ? 1 : Math.ceil(all / LINES))
    const now = done === total ? all : Math.floor(done / MEGABYTE)
    if (now > shown) view.update(now, all, 'MB')
    shown = now
  }
  return {
    update,
    stop: () => {
      view?.stop()
      view = undefined
    },
  }
}
