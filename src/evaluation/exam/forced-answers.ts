/** Whether answers are exactly what a model says by itself, by one pass over them. */
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import type { ModelParts } from '../../pipeline/parts.ts'
import type { Message } from '../../pipeline/talk/message.ts'
import { arrange } from '../../pipeline/talk/messages.ts'
import type { Prompt } from '../../pipeline/talk/prompt.ts'
import { Sight } from '../../pipeline/talk/sight.ts'
import { writePrompt } from '../../pipeline/talk/write.ts'
import type { Program } from '../../runtime/index.ts'
import { special, specialTokens } from '../../training/mini/tokenizer.ts'
import { type Conversation, forcedFeeds, traceForced } from './forced-program.ts'
import { askAbout, type FilmForm, type Shown } from './shown.ts'

/** Turns of a conversation with what should be said. */
export type Turns = readonly { readonly question: string; readonly answer: string }[]

/**
 * Whether each answer is what greedy decoding says, for several conversations about the same pictures; a later turn is read
 * behind the true answers before it. Undefined where a prompt is not written turn by turn.
 */
export type ForcedAnswers = (shown: Shown, conversations: readonly Turns[]) => Promise<boolean[][] | undefined>

export interface ForcedPass {
  readonly verdicts: ForcedAnswers
  dispose(): Promise<void>
}

/**
 * A teacher-forced pass over a model. All tokens of an answer and its end are the likeliest where they are read behind each
 * other exactly if greedy decoding says them. Undefined where that does not hold: under methods that change what the language
 * model reads, for encoder-decoders, and for models that were not taught the answers of the World in these tokens.
 */
export async function openForcedPass(model: Model, method: Method, form: FilmForm): Promise<ForcedPass | undefined> {
  if (!isForcible(model.parts, method)) return undefined
  const program = await model.compile((p) => traceForced(p, model.parts.architecture, method), method)
  const known = new Set(program.inputs.map(({ name }) => name))
  const verdicts: ForcedAnswers = async (shown, conversations) => {
    const sight = new Sight(model, method)
    const scripts: Script[] = []
    for (const turns of conversations) {
      const script = await scriptOf(model.parts, sight, shown, turns, form)
      if (!script) return undefined
      scripts.push(script)
    }
    return verdictsOf(model, program, known, scripts)
  }
  return { verdicts, dispose: () => program.dispose() }
}

/** Whether a tokenizer has the marks of the World: such a model was taught its answers, token by token. */
export const isTaughtWorld = ({ tokenizer }: Pick<ModelParts, 'tokenizer'>): boolean =>
  [special.eos, special.user, special.assistant].every((id) => tokenizer.tokenToId(specialTokens[id]) === id)

function isForcible(parts: ModelParts, { needs = {}, read = {}, talk }: Method): boolean {
  const { vision, language, prompt } = parts.architecture
  const reads = Object.keys(read).filter((place) => place !== 'linear')
  const asks = [needs.question, needs.prompt, needs.words, needs.store, needs.layers]
  const isUsual = language.answerStart === undefined && !prompt.write && !vision.question && !vision.deepLayers
  return isTaughtWorld(parts) && isUsual && !talk && reads.length === 0 && asks.every((need) => need === undefined)
}

/** One conversation in tokens. */
interface Script {
  readonly prompt: Prompt<Awaited<ReturnType<typeof writePrompt>>['images'][number]>
  /** All tokens, the last answer without its end. */
  readonly ids: readonly number[]
  /** Where each answer begins, and its tokens. */
  readonly answers: readonly { readonly from: number; readonly ids: readonly number[] }[]
}

async function scriptOf(
  parts: ModelParts,
  sight: Sight,
  shown: Shown,
  turns: Turns,
  form: FilmForm,
): Promise<Script | undefined> {
  const messages: Message[] = []
  const answers: Script['answers'][number][] = []
  let last: Script['prompt'] | undefined
  for (const [at, { question, answer }] of turns.entries()) {
    messages.push(at === 0 ? askAbout(shown, question, form) : { role: 'user', content: question })
    const prompt = await writePrompt(parts, sight, arrange(messages))
    const before = answers.at(-1)
    if (before && !startsWith(prompt.ids, [...last!.ids, ...before.ids])) return undefined
    answers.push({ from: prompt.ids.length, ids: parts.tokenizer.encode(answer) })
    messages.push({ role: 'assistant', content: answer })
    last = prompt
  }
  return last && { prompt: last, ids: [...last.ids, ...answers.at(-1)!.ids], answers }
}

const startsWith = (ids: readonly number[], begin: readonly number[]): boolean =>
  begin.every((id, at) => ids[at] === id)

async function verdictsOf(
  model: Model,
  program: Program,
  known: ReadonlySet<string>,
  scripts: readonly Script[],
): Promise<boolean[][]> {
  const { parts } = model
  const { imageToken } = parts.architecture.prompt
  const [{ prompt, ids }] = scripts
  const opened = ids.lastIndexOf(imageToken) + 1
  const views = (await model.encodePictures(prompt.images)).flatMap((picture) => picture.views)
  const conversations = scripts.map(
    (script): Conversation => ({
      ids: script.ids.slice(opened),
      asked: script.answers.flatMap(({ from, ids }) =>
        Array.from({ length: ids.length + 1 }, (_, at) => from - 1 + at - opened),
      ),
    }),
  )
  const feeds = forcedFeeds({ opening: ids.slice(0, opened), views, conversations }, parts.architecture)
  const fed = Object.fromEntries(Object.entries(feeds).filter(([name]) => known.has(name)))
  const { values } = await program.run(fed, { fetch: ['logits'] })
  const said = likeliest(values.logits.data as Float32Array, values.logits.dims[1])
  return scripts.map(({ answers }) => answers.map((answer) => isSaid(answer.ids, said, parts.eosIds)))
}

/** Whether the next tokens are these and then an end; takes them. */
function isSaid(ids: readonly number[], said: number[], ends: readonly number[]): boolean {
  const tokens = said.splice(0, ids.length + 1)
  return ids.every((id, at) => tokens[at] === id) && ends.includes(tokens[ids.length])
}

/** The id of the largest logit of each row, the first of equals. */
function likeliest(logits: Float32Array, vocabulary: number): number[] {
  return Array.from({ length: logits.length / vocabulary }, (_, row) => {
    let best = row * vocabulary
    for (let at = best + 1; at < (row + 1) * vocabulary; at++) if (logits[at] > logits[best]) best = at
    return best - row * vocabulary
  })
}
