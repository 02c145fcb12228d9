import { z } from 'zod'
import { FoveaError } from '../../errors.ts'
import { endpoint } from '../endpoint.ts'
import { LIMITS } from '../limits.ts'
import { receiveFile } from '../storage/upload.ts'
import { pageOf, pageQuery } from '../wire/page.ts'

const filesQuery = pageQuery(LIMITS.storedFiles, LIMITS.storedFiles).extend({
  purpose: z.string().optional(),
  order: z.enum(['asc', 'desc']).default('desc').describe('by the time they were made'),
})

export const uploadFile = endpoint({
  method: 'POST',
  url: '/v1/files',
  summary: 'Keep a file, the requests of a batch',
  takesFile: true,
  handle: async (site, { parts }) => receiveFile(parts!(), site.kept.files),
})

export const files = endpoint({
  method: 'GET',
  url: '/v1/files',
  summary: 'The files that are kept',
  query: filesQuery,
  handle: async (site, { query }) => {
    const all = site.kept.files.all().filter(({ purpose }) => query.purpose === undefined || purpose === query.purpose)
    return pageOf(query.order === 'asc' ? all.reverse() : all, query)
  },
})

export const file = endpoint({
  method: 'GET',
  url: '/v1/files/:id',
  summary: 'What is known of a file',
  handle: async (site, { params }) => site.kept.files.find(params.id),
})

export const fileContent = endpoint({
  method: 'GET',
  url: '/v1/files/:id/content',
  summary: 'The bytes of a file',
  handle: async (site, { params, reply }) => {
    const { files: kept } = site.kept
    const found = kept.find(params.id)
    void reply!.header('content-type', 'application/octet-stream').header('content-length', found.bytes)
    const { raw } = reply!
    raw.setTimeout(site.streamLimits.stalledFor, () => raw.destroy()) // a reader that does not read is dropped
    return kept.read(found)
  },
})

export const deleteFile = endpoint({
  method: 'DELETE',
  url: '/v1/files/:id',
  summary: 'Remove a file; not one that a batch reads which is not over',
  handle: async (site, { params }) => {
    const { files: kept, batches } = site.kept
    const found = kept.find(params.id)
    if (batches.uses(found.id))
      throw new FoveaError('file_in_use', 'usage', 'a batch that is not over reads this file; cancel that first')
    await kept.remove(found)
    return { id: found.id, object: 'file', deleted: true }
  },
})
