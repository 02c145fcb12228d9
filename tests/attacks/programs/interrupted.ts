/** A command that waits for a run of the engine when Ctrl-C comes. */
import { abortOnInterrupt, endSoonAfter } from '../../../src/cli/interrupt.ts'
import { beginLongRun } from './long-run.ts'

endSoonAfter(abortOnInterrupt())
await beginLongRun()
console.log('computing')
