/**
 * Asks a model of this machine through the AI SDK, in this process: npx tsx examples/ai-sdk.ts MODEL IMAGE QUESTION
 * From the installed package: import { fovea } from 'fovea/ai'
 */
import { readFile } from 'node:fs/promises'
import { streamText } from 'ai'
import { fovea, foveaReport } from '../src/serve/ai/index.ts'

const [model, image, question] = process.argv.slice(2)
const content = [
  { type: 'image' as const, image: await readFile(image) },
  { type: 'text' as const, text: question },
]
const { textStream, providerMetadata } = streamText({
  model: fovea(model, { method: 'visionzip:keep=.25' }),
  messages: [{ role: 'user', content }],
  maxOutputTokens: 32,
})
for await (const piece of textStream) process.stdout.write(piece)

const { before, after } = foveaReport(await providerMetadata)!.visualTokens
console.log(`\n${before} patches became ${after} visual tokens`)
await fovea.dispose()
