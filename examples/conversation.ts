/** Two turns about one image, the second given ten seconds: npx tsx examples/conversation.ts FOLDER IMAGE QUESTION QUESTION */
import { type Conversation, loadModel, type Reply, readImage } from '../src/index.ts'

const [folder, path, first, second] = process.argv.slice(2)
const model = await loadModel(folder)
const chat: Conversation = await model.converse([await readImage(path)])

const show = ({ text, tokens }: Reply) =>
  console.log(`${text}\n${tokens.text} tokens of text, ${tokens.cached} from the turn before`)
show(await chat.ask(first, { maxTokens: 16 }))
show(await chat.ask(second, { maxTokens: 16, signal: AbortSignal.timeout(10_000) }))
await chat.close()
await model.dispose()
