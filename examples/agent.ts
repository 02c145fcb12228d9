/** Has a question answered by roles that ask each other, and prints who said what: npx tsx examples/agent.ts FOLDER IMAGE QUESTION */
import { loadModel, parseMethod, readImage } from '../src/index.ts'

const [folder, path, prompt] = process.argv.slice(2)
const model = await loadModel(folder)

const {
  text,
  calls = [],
  notes = [],
  tokens,
  milliseconds,
} = await model.generate({
  prompt,
  images: [await readImage(path)],
  method: parseMethod('proreason:attempts=4,replies=constrained'),
  maxTokens: 48,
  signal: AbortSignal.timeout(120_000),
})

for (const [at, call] of calls.entries())
  console.log(`${at + 1}. ${call.tokens.visual.before > 0 ? 'eyes' : 'words'}: ${call.text.trim()}`)
console.log(`${text.trim()} (${notes.map(({ note }) => JSON.stringify(note)).join(', ')})`)
const seconds = (milliseconds.ttft + milliseconds.decode) / 1000
console.log(`${calls.length} calls, ${tokens.text + tokens.generated} tokens of text, ${seconds.toFixed(1)} s`)
await model.dispose()
