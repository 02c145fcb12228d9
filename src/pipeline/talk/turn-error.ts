import { FoveaError } from '../../errors.ts'

/** What a conversation refuses because of how it is used. */
export const turnError = (problem: 'busy' | 'closed' | 'single', message: string): FoveaError =>
  new FoveaError(`conversation_${problem}`, 'usage', message)
