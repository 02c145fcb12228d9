import { escapeMarkup } from '../../papers/reports/markup.ts'
import type { PaperJson } from '../../papers/reports/paper-json.ts'

/** Entries of the catalogue as a feed (RFC 4287), the newest first. */
export function atomFeed(papers: readonly PaperJson[]): string {
  const newest = [...papers].sort((a, b) => (a.date < b.date ? 1 : a.date > b.date ? -1 : a.id < b.id ? -1 : 1))
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<feed xmlns="http://www.w3.org/2005/Atom">',
    '<title>Fovea: papers</title>',
    '<id>urn:fovea:papers</id>',
    '<author><name>Fovea</name></author>',
    `<updated>${moment(newest[0]?.date ?? '1970-01')}</updated>`,
    ...newest.map(entryOf),
    '</feed>\n',
  ].join('\n')
}

function entryOf({ id, title, name, url, date, kind, summary, state }: PaperJson): string {
  return [
    '<entry>',
    `<title>${escapeMarkup(`${name}: ${title}`)}</title>`,
    `<id>urn:fovea:paper:${escapeMarkup(id)}</id>`,
    ...(url ? [`<link href="${escapeMarkup(url)}"/>`] : []),
    `<updated>${moment(date)}</updated>`,
    ...[...kind, state].map((term) => `<category term="${escapeMarkup(term)}"/>`),
    `<summary>${escapeMarkup(summary)}</summary>`,
    '</entry>',
  ].join('')
}

/** The first moment of a month. */
const moment = (month: string): string => `${month}-01T00:00:00Z`
