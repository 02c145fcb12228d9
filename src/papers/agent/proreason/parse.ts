/** Who is consulted. */
export type Expert = 'vision' | 'reasoning'

export interface Dispatch {
  readonly expert: Expert
  readonly question: string
}

export type Parser = 'tolerant' | 'strict'

/** Whom a dispatcher wants to ask what; undefined where its reply does not say. */
export function parseDispatch(reply: string, parser: Parser): Dispatch | undefined {
  const fields = parser === 'strict' ? strictFields(reply) : (jsonFields(reply) ?? looseFields(reply))
  const expert = expertOf(fields.expert ?? '', parser)
  const question = fields.question?.trim()
  return expert && question ? { expert, question } : undefined
}

type Fields = Readonly<Partial<Record<'expert' | 'question', string>>>

function expertOf(name: string, parser: Parser): Expert | undefined {
  const known = { 'Vision Expert': 'vision', 'Reasoning Expert': 'reasoning' } as const
  if (parser === 'strict') return known[name as keyof typeof known]
  return (['vision', 'reasoning'] as const).find((expert) => name.toLowerCase().includes(expert))
}

/** A line each, in single quotes: `'EXPERT': 'Vision Expert',`. */
function strictFields(reply: string): Fields {
  const lines = reply.split('\n').map((line) => line.trim())
  const field = (name: string) =>
    lines.map((line) => new RegExp(`^'${name}': '(.*)',?$`).exec(line)?.[1]).find((value) => value !== undefined)
  const isWhole = lines[0] === '{' && lines.at(-1) === '}' && field('Thought') !== undefined
  return isWhole ? { expert: field('EXPERT'), question: field('Question') } : {}
}

/** The first block in braces, if it is JSON. */
function jsonFields(reply: string): Fields | undefined {
  const block = reply.slice(reply.indexOf('{'), reply.lastIndexOf('}') + 1)
  try {
    const entries = Object.entries(JSON.parse(block) as Record<string, unknown>)
    const lower = Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]))
    return { expert: lower.expert, question: lower.question }
  } catch {
    return undefined
  }
}

/** Each field by itself, whatever stands around it. */
function looseFields(reply: string): Fields {
  const field = (name: string) =>
    new RegExp(
      `${name}["'\`*]*\\s*[:=]\\s*["'\`*]*([^\\n]*?)["'\`]*\\s*(?:[,}]\\s*["'\`*]*(?:thought|expert|question)\\b|[,}]*\\s*(?:\\n|$))`,
      'i',
    ).exec(reply)?.[1]
  return { expert: field('expert'), question: field('question') }
}

/** Whether a referee says that the memory suffices. */
export function canSolve(verdict: string, parser: Parser): boolean {
  return parser === 'strict' ? verdict.includes('Answer: CAN_SOLVE') : /answer\W*can[_\s]?solve\b/i.test(verdict)
}

/** What follows a marker; the whole text where it is missing. */
export function after(marker: string, text: string): string {
  const at = text.indexOf(marker)
  return (at < 0 ? text : text.slice(at + marker.length)).trim()
}
