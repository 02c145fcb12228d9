import type { Counted, CountJob } from '../job.ts'
import { methodOf } from '../method-choice.ts'
import type { Opened } from '../opened.ts'
import { readMessages } from '../pictures.ts'

/** What a conversation would take; nothing is computed. */
export async function count({ model }: Opened, job: CountJob): Promise<Counted> {
  const method = await methodOf(job.method)
  const { messages } = await readMessages(job.messages)
  const { text, visual, limit } = await model.count({ messages, method })
  return { text, visual, limit }
}
