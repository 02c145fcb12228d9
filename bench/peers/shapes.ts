/** The models that are compared, at their true shapes. */
import type { Compared } from './compared.ts'
import { llava7b } from './shapes/llava-7b.ts'
import { onevision } from './shapes/onevision.ts'
import { smolvlm } from './shapes/smolvlm.ts'

export const compared: readonly Compared[] = [smolvlm, onevision, llava7b]
