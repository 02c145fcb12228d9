import { z } from 'zod'
import { FoveaError } from '../../errors.ts'
import type { Request, TalkSite } from '../../pipeline/method/talk-side.ts'
import { replyFrom, silently } from '../../pipeline/talk/calls.ts'
import type { ContentPart, Message } from '../../pipeline/talk/message.ts'
import { pictureParts } from '../../pipeline/talk/picture-parts.ts'
import type { Reply } from '../../pipeline/talk/reply.ts'
import { paper } from '../paper.ts'
import { EXPERTS, type Form, type Forms, formsOf, partsOfTask } from './proreason/forms.ts'
import { after, canSolve, type Expert, parseDispatch } from './proreason/parse.ts'
import { dispatcher, reasoner, referee, summarizer, visionPrefix } from './proreason/prompts.ts'

const options = z.object({
  attempts: z.int().min(1).default(8).describe('rounds before the question is asked directly, failed ones included'),
  stepwise: z.boolean().default(true).describe('the vision expert is told to think step by step'),
  open: z.boolean().default(true).describe('the summary is the answer; otherwise what follows "Answer:" in it'),
  parser: z
    .enum(['tolerant', 'strict'])
    .default('tolerant')
    .describe('whether replies must keep to their form as exactly as the released code wants it'),
  memory: z
    .enum(['answers', 'questions'])
    .default('answers')
    .describe('what is remembered of a consultation: its answer alone, or with its question'),
  replies: z
    .enum(['free', 'constrained'])
    .default('free')
    .describe('whether roles write what they like, or small models are held to the forms and choose among what fits'),
  repeats: z.boolean().default(true).describe('whether the same question may be asked of the same expert twice'),
})

type Options = z.output<typeof options>

/**
 * ProReason: Multi-Modal Proactive Reasoning with Decoupled Eyesight and Wisdom
 * 2024, EMNLP 2025. https://arxiv.org/abs/2410.14138
 */
export const proreason = paper({
  id: 'proreason',
  name: 'ProReason',
  title: 'ProReason: Multi-Modal Proactive Reasoning with Decoupled Eyesight and Wisdom',
  arxiv: '2410.14138',
  url: 'https://arxiv.org/abs/2410.14138',
  code: 'https://github.com/lian-tian-mo-zun/Pro_Reason',
  date: '2024-10',
  venue: 'EMNLP 2025',
  kind: ['agent', 'decoding', 'training'],
  summary:
    'Vision-language models reason worse than plain LLMs and describe images too broadly. Here one expert sees ' +
    'the image and answers narrow questions only; a dispatcher asks, a memory collects, a referee stops, a ' +
    'summarizer answers, all in text. A strong text LLM can take every role but the eyes, and the traces can be ' +
    'distilled into one model.',
  equation: String.raw`
    (E, q_t) = \mathrm{Dispatcher}(Q, M_{t-1}),\qquad a_t = \begin{cases} \mathrm{Vision}(v, q_t) & E = \text{vision} \\ \mathrm{Reasoning}(M_{t-1}, q_t) & E = \text{reasoning} \end{cases}
    M_t = M_{t-1} \cup \{a_t\} \quad \text{until } \mathrm{Referee}(Q, M_t) \text{ says that it suffices},\qquad A = \mathrm{Summarizer}(Q, M_t)
  `,
  where:
    'Q is the question, v are the pictures, which the vision expert alone sees, with nothing but what it is ' +
    'asked; M is a memory in words. One model has all roles.',
  differs: [
    'A failed round is one attempt, as in the released code.',
    'Errors are not swallowed, but for a memory that has outgrown the model: then, and when attempts are ' +
      'spent, the question is asked directly. Why it ended is a note of the reply.',
    '`replies=constrained` is for models that follow no forms: the dispatcher gives no thought, chooses whom ' +
      'to ask (the vision expert, as long as nothing is known) and what, out of the task and its parts that ' +
      'were not asked yet; the referee says its verdict alone; the summarizer chooses among the answers of the ' +
      'experts.',
    'What the referee wrote before it found that the memory suffices is part of what the summarizer reads.',
    'A model tuned on such traces is not built.',
  ],
  places: ['talk.answer', 'training'],
  options,
  example: { replies: 'constrained' },
  method: (chosen) => ({
    talk: {
      answer: (asked, next, site) =>
        pictureParts(asked.messages).length === 0 ? next(asked) : new Consultation(asked, next, chosen, site).run(),
    },
  }),
})

type Next = (request: Request) => Promise<Reply>

/** Why a consultation ended. */
type Stop = 'solved' | 'exhausted' | 'unparsed' | 'memory full'

/** One question on its way through the roles. */
class Consultation {
  private readonly calls: Reply[] = []
  private memory = ''
  private last?: Expert
  private readonly asked = new Set<string>()
  private readonly questions = new Set<string>()
  private readonly answers = new Set<string>()

  constructor(
    private readonly request: Request,
    private readonly next: Next,
    private readonly options: Options,
    private readonly site: TalkSite,
  ) {}

  async run(): Promise<Reply> {
    const rounds = { valid: 0, failed: 0 }
    try {
      for (let attempt = 0; attempt < this.options.attempts; attempt++) {
        const isValid = await this.consult()
        rounds[isValid ? 'valid' : 'failed']++
        if (this.isAborted) return this.finish('exhausted', rounds, '')
        if (!isValid) continue
        const verdict = await this.ask(referee(this.question, this.memory), (forms) => forms.verdict())
        if (this.isAborted) return this.finish('exhausted', rounds, '')
        if (!canSolve(verdict, this.options.parser)) continue
        this.memory += verdict
        return this.finish('solved', rounds, await this.summarize())
      }
    } catch (error) {
      if (!(error instanceof FoveaError) || error.code !== 'context_full') throw error
      return this.directly('memory full', rounds)
    }
    return this.directly(rounds.valid > 0 ? 'exhausted' : 'unparsed', rounds)
  }

  /** One round of the dispatcher and an expert; whether it came to something. */
  private async consult(): Promise<boolean> {
    const { stepwise, parser, memory, repeats } = this.options
    const left = partsOfTask(this.question).filter((part) => !this.questions.has(part))
    if (this.isConstrained && left.length === 0) return false
    const experts = this.memory ? EXPERTS : (['vision'] as const)
    const prompt = dispatcher(this.question, this.memory, this.last)
    const reply = await this.ask(prompt, (forms) => forms.dispatch(experts, left))
    const dispatch = parseDispatch(reply, parser)
    if (!dispatch || this.isAborted) return false
    const { expert, question } = dispatch
    const key = `${expert}: ${question}`
    if (!repeats && this.asked.has(key)) return false
    this.asked.add(key)
    this.questions.add(question)
    const answer =
      expert === 'vision'
        ? await this.look(`${stepwise ? visionPrefix : ''}${question}`)
        : after('Final Answer:', await this.ask(reasoner(this.memory, question), (forms) => forms.conclusion()))
    this.memory += memory === 'questions' ? `${question} -> ${answer}\n` : `${answer}\n`
    this.answers.add(answer.trim())
    this.last = expert
    return true
  }

  private get question(): string {
    return textOf(this.request.messages[this.request.messages.length - 1])
  }

  private get isAborted(): boolean {
    return this.calls.at(-1)?.finishReason === 'aborted'
  }

  private get isConstrained(): boolean {
    return this.options.replies === 'constrained'
  }

  /** Asks in words alone; of small models in a form. */
  private ask(text: string, form: (forms: Forms) => Form): Promise<string> {
    const options = this.inForm(form)
    return this.call(silently({ messages: [{ role: 'user', content: text }], options }))
  }

  /** How a role is asked: what its form takes is no part of what the answer may take. */
  private inForm(form: (forms: Forms) => Form): Request['options'] {
    const { options } = this.request
    if (!this.isConstrained) return options
    const { allowed, tokens } = form(formsOf(this.site.tokenizer))
    return { ...options, allowed, maxTokens: tokens + (options.maxTokens ?? 0) }
  }

  /** Asks about the pictures: they and the question are all that is seen. */
  private look(question: string): Promise<string> {
    const content: ContentPart[] = [...pictureParts(this.request.messages), { type: 'text', text: question }]
    return this.call(silently({ ...this.request, messages: [{ role: 'user', content }] }))
  }

  /** What ends the answer does not end what is said on the way; nor is that written as a raw prompt. */
  private call({ messages, options }: Request): Promise<string> {
    const { stop: _, rawPrompt: __, ...rest } = options
    return this.listen({ messages, options: rest })
  }

  /** Of an open question, aloud: it is the answer. */
  private async summarize(): Promise<string> {
    const { open } = this.options
    const text = summarizer(this.question, this.memory, open)
    const answers = [...this.answers].filter((answer) => answer !== '')
    const form = (forms: Forms) => forms.summary(answers, open)
    if (!open) return after('Answer:', await this.ask(text, form))
    const { rawPrompt: _, ...options } = this.inForm(form)
    return this.listen({ messages: [{ role: 'user', content: text }], options })
  }

  private async listen(request: Request): Promise<string> {
    const reply = await this.next(request)
    this.calls.push(reply)
    return reply.text
  }

  /** The question as it was asked. */
  private async directly(stop: Stop, rounds: object): Promise<Reply> {
    return this.finish(stop, rounds, await this.listen(this.request))
  }

  private finish(stop: Stop, rounds: object, text: string): Reply {
    const note = { stop, rounds, memory: this.memory }
    return replyFrom(this.calls, { text, note, by: 'proreason' })
  }
}

const textOf = ({ content }: Message): string =>
  typeof content === 'string' ? content : content.map((part) => (part.type === 'text' ? part.text : '')).join('')
