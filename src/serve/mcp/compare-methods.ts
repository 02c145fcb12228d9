import { z } from 'zod'
import type { Generated } from '../engine/job.ts'
import { answered, type Content, costLine, image, jobOf, maxTokens, methodText, structured, tool } from './tool.ts'

/** Methods of one call. */
const MOST = 8

export const compareMethods = tool({
  name: 'compare_methods',
  title: 'Compare methods of token reduction',
  description:
    'Asks one question about an image under several methods of spending fewer visual tokens, one after another: the answer of each, its visual tokens and its milliseconds.',
  input: z.object({
    image,
    question: z.string().min(1).max(100_000).describe('what to ask, in words'),
    methods: z
      .array(methodText)
      .min(1)
      .max(MOST)
      .describe('such as ["dense", "random:keep=.25", "visionzip:keep=.25"]; "dense" uses all tokens'),
    max_tokens: maxTokens,
    overlay: z.boolean().optional().describe('add a picture for each method: patches that it dropped are darkened'),
  }),
  output: z.object({ methods: z.array(answered) }),
  run: async ({ methods, overlay = false, ...asked }, work) => {
    const { assistant, signal, report } = work
    const job = { ...(await jobOf(asked, work)), overlay, isMeasured: true }
    const [{ messages }, total] = [job, methods.length]
    report(assistant.isLoaded ? 'looking at the methods' : 'loading the model', 0, total)
    // What is wrong with the last of them is said before the first is run.
    for (const method of methods) await assistant.count({ kind: 'count', messages, method }, { signal })
    const results: Generated[] = []
    for (const method of methods) {
      const result = await assistant.answer({ ...job, method }, { signal })
      results.push(result)
      report(`${result.method}: ${result.text}`, results.length, total)
    }
    return { content: results.flatMap(contentOf), structured: { methods: results.map(structured) } }
  },
})

const contentOf = (result: Generated): Content[] => [
  { type: 'text', text: `${costLine(result)}\n${result.text}` },
  ...(result.overlays ?? []).map((png) => ({
    type: 'image' as const,
    data: Buffer.from(png).toString('base64'),
    mimeType: 'image/png',
  })),
]
