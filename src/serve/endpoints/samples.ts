import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { badParam } from '../engine/job-error.ts'

const query = z.object({ task: z.string().max(40).optional().describe('such as count; by turns if not given') })

export interface WorldSample {
  readonly task: string
  readonly question: string
  readonly answer: string
  /** A PNG as a data URL. */
  readonly image: string
}

export const sample = endpoint({
  method: 'GET',
  url: '/fovea/samples/:index',
  summary: 'A picture of Fovea World that no model saw in training, a question about it and the answer',
  query,
  handle: async (site, { params, query: { task }, signal }): Promise<WorldSample> => {
    const job = { kind: 'sample', task, index: indexOf(params.index) } as const
    const { png, ...said } = await site.sideQueue.run(() => site.engine.run<'sample'>(job, { signal }), signal)
    return { ...said, image: `data:image/png;base64,${Buffer.from(png).toString('base64')}` }
  },
})

/** Throws ParamError `invalid_request`. */
function indexOf(text: string): number {
  const index = Number(text)
  if (/^\d{1,9}$/.test(text)) return index
  throw badParam('index', 'invalid_request', 'samples are counted from 0, with at most nine digits')
}
