/**
 * Asks on about a second picture, and prints the answer as it comes: npx tsx examples/messages.ts FOLDER IMAGE IMAGE
 * Earlier turns, of this program or of another, are messages; pictures stand where they are spoken of.
 */
import { loadModel, type Message, readImage } from '../src/index.ts'

const [folder, first, second] = process.argv.slice(2)
const model = await loadModel(folder)

const messages: Message[] = [
  {
    role: 'user',
    content: [
      { type: 'image', image: await readImage(first) },
      { type: 'text', text: 'how many circles are there?' },
    ],
  },
  { role: 'assistant', content: 'two' },
  {
    role: 'user',
    content: [
      { type: 'image', image: await readImage(second) },
      { type: 'text', text: 'and here?' },
    ],
  },
]

const answer = model.stream({ messages, maxTokens: 32, signal: AbortSignal.timeout(60_000) })
for await (const piece of answer) process.stdout.write(piece)

const { tokens, finishReason } = await answer.reply
console.log(`\n${finishReason} after ${tokens.generated} tokens, ${tokens.visual.after} visual tokens in the prompt`)
await model.dispose()
