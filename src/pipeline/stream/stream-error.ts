import { FoveaError } from '../../errors.ts'

type Problem = 'busy' | 'closed' | 'empty' | 'frame' | 'full' | 'unsupported' | 'window'

export const streamError = (problem: Problem, message: string): FoveaError =>
  new FoveaError(`stream_${problem}`, 'usage', message)
