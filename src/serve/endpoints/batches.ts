import { z } from 'zod'
import { BATCHED } from '../batches/batch.ts'
import { endpoint } from '../endpoint.ts'
import { pageOf, pageQuery } from '../wire/page.ts'

const body = z.object({
  input_file_id: z.string(),
  endpoint: z.enum(BATCHED),
  output_expires_after: z.null('files are kept until they are removed; leave it out').optional(),
  completion_window: z.string().describe('after which it is over, such as 24h, 30m or 7d'),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((all) => Object.keys(all).length <= 16, 'expected at most 16 entries')
    .nullish(),
})

export const createBatch = endpoint({
  method: 'POST',
  url: '/v1/batches',
  summary: 'Answer the requests of a file whenever nobody else asks',
  body,
  handle: async (site, call) => site.kept.batches.create(call.body),
})

export const batches = endpoint({
  method: 'GET',
  url: '/v1/batches',
  summary: 'All batches, the newest first',
  query: pageQuery(100, 20),
  handle: async (site, { query }) => pageOf(site.kept.batches.all(), query),
})

export const batch = endpoint({
  method: 'GET',
  url: '/v1/batches/:id',
  summary: 'How far a batch is',
  handle: async (site, { params }) => site.kept.batches.find(params.id),
})

export const cancelBatch = endpoint({
  method: 'POST',
  url: '/v1/batches/:id/cancel',
  summary: 'Ask no more of the requests of a batch; what was answered is kept',
  handle: async (site, { params }) => site.kept.batches.cancel(params.id),
})
