import { modelPath } from '../../hub/package-root.ts'
import { findPaper, papers as known } from '../../papers/registry.ts'
import { type Measured, measuredPapers } from '../../papers/reports/catalogue.ts'
import { type PaperJson, paperJson } from '../../papers/reports/paper-json.ts'
import { isUntrained, type Use, useOf } from '../../papers/use.ts'
import { endpoint } from '../endpoint.ts'
import { kept } from '../kept.ts'
import type { Site } from '../site.ts'
import { atomFeed } from '../wire/atom.ts'

/** Milliseconds for which states are not worked out again: that hashes the sources of every method. */
const FRESH = 30_000

/** An entry of the catalogue, and how its method is put to use. */
export interface PaperCard extends PaperJson {
  /** Absent where there is no method to run. */
  readonly use?: Use
  /** Has weights of its own that this model comes without. */
  readonly untrained: boolean
}

function cardOf(site: Site, measured: Measured, withResults = false): PaperCard {
  const { entry } = measured
  return {
    ...paperJson(measured, withResults),
    ...(entry.method && { use: useOf(entry) }),
    untrained: entry.method !== undefined && isUntrained(entry, modelPath(site.engine.model.name)),
  }
}

const catalogue = kept(FRESH, () => measuredPapers(known))

export const papers = endpoint({
  method: 'GET',
  url: '/fovea/papers',
  summary: 'The catalogue of papers: what each is about, its options and its state',
  handle: async (site) => ({ object: 'list', data: (await catalogue()).map((one) => cardOf(site, one)) }),
})

export const paper = endpoint({
  method: 'GET',
  url: '/fovea/papers/:id',
  summary: 'One paper, with every row that was measured of it',
  handle: async (site, { params }) => {
    const [found] = await measuredPapers([findPaper(params.id)])
    return cardOf(site, found, true)
  },
})

export const feed = endpoint({
  method: 'GET',
  url: '/fovea/papers.atom',
  summary: 'The catalogue as an Atom feed, the newest papers first',
  handle: async (_, { reply }) => {
    void reply!.header('content-type', 'application/atom+xml; charset=utf-8')
    return atomFeed((await catalogue()).map((one) => paperJson(one)))
  },
})
