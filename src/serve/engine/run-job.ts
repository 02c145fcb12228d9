import type { Job } from './job.ts'
import { count } from './jobs/count.ts'
import { embed } from './jobs/embed.ts'
import { generate } from './jobs/generate.ts'
import { sample } from './jobs/sample.ts'
import { detokenize, tokenize } from './jobs/tokenize.ts'
import type { Opened } from './opened.ts'
import type { Work } from './work.ts'

export function runJob(opened: Opened, job: Job, work: Work): Promise<unknown> {
  switch (job.kind) {
    case 'generate':
      return generate(opened, job, work)
    case 'sample':
      return sample(job)
    case 'count':
      return count(opened, job)
    case 'tokenize':
      return tokenize(opened, job)
    case 'detokenize':
      return detokenize(opened, job)
    case 'embed':
      return embed(opened, job, work)
  }
}
