/** A download on standard error: how much of how much has come, and how long the rest will take. */
import type { DownloadProgress } from '../hub/resolve.ts'
import { escapeLine } from './escape.ts'
import { type ProgressView, progressView } from './progress.ts'
import { note } from './terminal.ts'

export interface DownloadView {
  update(progress: DownloadProgress): void
  stop(): void
}

const MEGABYTE = 1e6
/** Lines where there is no terminal to redraw. */
const LINES = 10

/** Shows nothing until something is downloaded; says what becomes of the rest when `signal` ends it. */
export function downloadView(signal?: AbortSignal): DownloadView {
  let view: ProgressView | undefined
  let shown = -1
  let total = 0
  const told = new Set<string>()
  return {
    update: ({ id, bytes, totalBytes, file, waitingFor }) => {
      total = Math.max(1, Math.ceil(totalBytes / MEGABYTE))
      view ??= progressView(escapeLine(id), Math.max(1, Math.round(total / LINES)))
      if (waitingFor !== undefined && !told.has(file)) {
        told.add(file)
        view.say(`waiting for process ${waitingFor}, which downloads ${escapeLine(file)}`)
      }
      const done = bytes === totalBytes ? total : Math.floor(bytes / MEGABYTE)
      if (done !== shown) view.update(done, total, `MB, ${escapeLine(file)}`)
      shown = done
    },
    stop: () => {
      view?.stop()
      if (view && shown < total && signal?.aborted) note('stopped; what has come is kept, and the same command goes on')
    },
  }
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** `513 MB`, in powers of 1,000 as the hub counts. */
export function formatBytes(bytes: number): string {
  const unit = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${unit === 0 ? bytes : (bytes / 1000 ** unit).toPrecision(3)} ${UNITS[unit]}`
}
