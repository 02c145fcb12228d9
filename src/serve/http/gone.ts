import type { FastifyReply } from 'fastify'
import { FoveaError } from '../../errors.ts'

/** Aborted when the client goes away before it has its answer. */
export function goneSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.on('close', () => {
    if (!raw.writableFinished) controller.abort(new FoveaError('request_aborted', 'usage', 'the client went away'))
  })
  return controller.signal
}
