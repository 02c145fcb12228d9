import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Benchmark, median } from './row.ts'

/** Questions after which everything that is kept has been made, and allocators have the arenas that they keep. */
export const WARMUP = 200
/** Of how many samples a median is taken. */
const WINDOW = 50
const MIB = 2 ** 20

export interface MemoryGrowth {
  /** Median of the first samples after the warm-up, and of the last ones, in MiB. */
  readonly warm: number
  readonly end: number
  /** Median of the slopes between samples of the first and of the second half, in MiB per 100 questions. */
  readonly slope: number
}

/** What the resident bytes after each question say; at least 100 more than the warm-up are needed. */
export function growthOf(resident: readonly number[]): MemoryGrowth {
  const samples = resident.slice(WARMUP).map((bytes) => bytes / MIB)
  const half = Math.floor(samples.length / 2)
  const slopes = Array.from({ length: half }, (_, at) => (samples[half + at] - samples[at]) / half)
  return {
    warm: median(samples.slice(0, WINDOW)),
    end: median(samples.slice(-WINDOW)),
    slope: 100 * median(slopes),
  }
}

/** Asks fovea-mini so many questions in a process of its own; the resident bytes after each. */
export async function residentBytes(questions: number): Promise<number[]> {
  const script = fileURLToPath(new URL('./memory-questions.ts', import.meta.url))
  // Garbage is collected before each sample: what is left is kept.
  const args = ['--expose-gc', '--import', 'tsx', script, String(questions)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 24 })
  return JSON.parse(stdout)
}

const QUESTIONS = 300

/** Resident memory over many questions: images, methods, programs and conversations come and go. */
export const memory: Benchmark = {
  name: 'memory',
  measure: async () => {
    const { warm, end, slope } = growthOf(await residentBytes(WARMUP + QUESTIONS))
    return [
      { name: `resident memory after ${WARMUP} questions`, value: warm, unit: 'MiB' },
      { name: `resident memory after ${QUESTIONS} more`, value: end, unit: 'MiB' },
      { name: 'growth of memory per 100 questions', value: slope, unit: 'MiB', target: { atMost: 10 } },
    ]
  },
}
