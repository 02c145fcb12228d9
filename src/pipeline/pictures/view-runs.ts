import { sizeOfView } from '../../models/views/view.ts'
import { isTileFor } from '../flow/view-pixels.ts'
import { programKey } from '../method/places.ts'
import type { ViewJob } from './view-job.ts'

/** Views in one run, and patches: what a run computes on its way grows with them. */
const MOST_VIEWS = 8
const MOST_PATCHES = 8192

/** Of patches, one view may have more. */
export const viewsPerRun = (patches: number): number =>
  Math.max(1, Math.min(MOST_VIEWS, Math.floor(MOST_PATCHES / patches)))

/** What decides about the program of a view. */
export const programOfView = ({ how: { method }, view }: ViewJob): string =>
  `${programKey(method, 'views')}|${sizeOfView(view)}${isTileFor(method, view) ? '|tile' : ''}`

/** Views that one program may take at once, first come first. */
export function groupsOf(jobs: readonly ViewJob[]): ViewJob[][] {
  const groups = new Map<string, ViewJob[]>()
  const videos = [...new Set(jobs.map(({ video }) => video))]
  for (const job of jobs) {
    const key = `${programOfView(job)}|${job.how.asked}|${videos.indexOf(job.video)}`
    groups.set(key, [...(groups.get(key) ?? []), job])
  }
  return [...groups.values()]
}

/** As few runs of at most so many as will do, as even as they go. */
export function inRuns<T>(all: readonly T[], most: number): T[][] {
  const runs = Math.ceil(all.length / most)
  const start = (run: number) => Math.round((run * all.length) / runs)
  return Array.from({ length: runs }, (_, run) => all.slice(start(run), start(run + 1)))
}
