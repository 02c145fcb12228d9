import { assertArgument, assertOptions, FoveaError } from '../errors.ts'
import { closest } from '../text/closest.ts'
import { papers as generated } from './index.generated.ts'
import { KINDS, type Paper } from './paper.ts'

/** All papers, sorted by id. */
export const papers: readonly Paper[] = [...generated].sort((a, b) => (a.id < b.id ? -1 : 1))

/** The paper with this id. Throws `unknown_paper` with the closest ids when there is none. */
export function findPaper(id: string): Paper {
  assertArgument('findPaper', 'the id of a paper', id, 'string')
  const found = papers.find((entry) => entry.id === id)
  if (found) return found
  const ids = papers.map((entry) => entry.id)
  throw new FoveaError('unknown_paper', 'usage', `no paper named "${id}"${suggest(id, ids, 'list them: fovea papers')}`)
}

/**
 * The papers of a kind (any of a paper's kinds counts, not only its home) whose id, name, title, arXiv identifier or
 * summary contain every word of `text`, in any case. Throws `unknown_kind` for a kind that does not exist.
 */
export function filterPapers(wanted: { kind?: string; text?: string } = {}): Paper[] {
  assertOptions('filterPapers', wanted, { kind: 'string', text: 'string' })
  const { kind, text = '' } = wanted
  if (kind !== undefined && !KINDS.some((known) => known === kind)) {
    const message = `no kind of paper named "${kind}"${suggest(kind, KINDS, `kinds: ${KINDS.join(', ')}`)}`
    throw new FoveaError('unknown_kind', 'usage', message)
  }
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return papers.filter(
    (entry) => (kind === undefined || entry.kind.some((own) => own === kind)) && containsAll(entry, words),
  )
}

function containsAll(entry: Paper, words: string[]): boolean {
  const haystack = [entry.id, entry.name, entry.title, entry.arxiv, entry.summary].join('\n').toLowerCase()
  return words.every((word) => haystack.includes(word))
}

function suggest(word: string, names: readonly string[], otherwise: string): string {
  const near = closest(word, names)
  return near.length > 0 ? `; did you mean ${near.join(', ')}?` : `; ${otherwise}`
}
