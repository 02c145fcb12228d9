import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FoveaError } from '../../../src/errors.ts'
import type { RgbImage } from '../../../src/media/image.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { Request, TalkSite } from '../../../src/pipeline/method/talk-side.ts'
import { pictureParts } from '../../../src/pipeline/talk/picture-parts.ts'
import type { Reply } from '../../../src/pipeline/talk/reply.ts'
import { picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const QUESTION = 'how many legs do the cats have?'

const say = (text: string, hasPicture: boolean): Reply => ({
  text,
  finishReason: 'stop',
  tokens: {
    visual: hasPicture ? { before: 16, after: 16, last: 16 } : { before: 0, after: 0, last: 0 },
    text: 3,
    cached: 0,
    generated: 2,
  },
  milliseconds: { preprocess: 0, vision: 1, prefill: 2, decode: 3, ttft: 3 },
  flops: { vision: 0, prefill: 1, decode: 1 },
  kept: hasPicture ? [new Array(16).fill(1)] : [],
  videos: [],
})

interface Call {
  readonly sees: boolean
  readonly prompt: string
}

/** Runs the roles with replies as scripted: an error is thrown. A model that follows these forms is too large for a test. */
async function play(script: readonly (string | Error)[], text = 'proreason', image: RgbImage | null = picture()) {
  const calls: Call[] = []
  const waiting = [...script]
  const next = async ({ messages }: Request): Promise<Reply> => {
    const sees = pictureParts(messages).length > 0
    const [{ content }] = messages
    const prompt =
      typeof content === 'string' ? content : content.map((part) => ('text' in part ? part.text : '')).join('')
    calls.push({ sees, prompt })
    const said = waiting.shift() ?? 'nothing'
    if (said instanceof Error) throw said
    return say(said, sees)
  }
  const parts = image ? [{ type: 'image', image } as const] : []
  const asked: Request = {
    messages: [{ role: 'user', content: [...parts, { type: 'text', text: QUESTION }] }],
    options: {},
  }
  const reply = await parseMethod(text).talk!.answer!(asked, next, {} as TalkSite)
  return { reply, calls, note: reply.notes?.at(-1)?.note as { stop: string; memory: string; rounds: object } }
}

const dispatch = (expert: string, question: string) =>
  `{\n'Thought': 'hm',\n'EXPERT': '${expert}',\n'Question': '${question}'\n}`
const solved = [
  dispatch('Vision Expert', 'how many cats?'),
  'two cats',
  'not yet. Answer: UNSOLVABLE',
  dispatch('Reasoning Expert', 'two times two?'),
  'well. Final Answer: 4',
  'now. Answer: CAN_SOLVE',
  '4',
]

describe('ProReason', () => {
  it('sees once, reasons once and sums up: 1 look and 6 questions in words', async () => {
    for (const parser of ['tolerant', 'strict']) {
      const { reply, calls, note } = await play(solved, `proreason:parser=${parser}`)
      expect(reply.text).toBe('4')
      expect(calls.map(({ sees }) => sees)).toEqual([false, true, false, false, false, false, false])
      expect(note).toEqual({
        stop: 'solved',
        rounds: { valid: 2, failed: 0 },
        memory: 'two cats\n4\nnow. Answer: CAN_SOLVE',
      })
      expect(reply.calls).toHaveLength(7)
      expect(reply.tokens).toMatchObject({ text: 21, generated: 14, visual: { before: 16 } })
    }
  })

  it('shows the vision expert its question alone, and the others no picture', async () => {
    const { calls } = await play(solved)
    expect(calls[1].prompt).toBe('Answer step by step. how many cats?')
    expect((await play(solved, 'proreason:stepwise=false')).calls[1].prompt).toBe('how many cats?')
    for (const at of [0, 2, 3, 5, 6]) expect(calls[at].prompt).toContain(QUESTION)
    expect(calls[4].prompt).not.toContain(QUESTION)
    expect(calls[3].prompt).toContain('You asked the Vision Expert last')
    for (const at of [2, 3, 4, 5, 6]) expect(calls[at].prompt).toContain('two cats')
    const other = await play(solved, 'proreason', picture(9))
    expect(other.calls).toEqual(calls)
  })

  it('asks the question itself after 8 rounds that nobody understands', async () => {
    const { reply, calls, note } = await play([...new Array(8).fill('hm'), 'eight'])
    expect(reply.text).toBe('eight')
    expect(calls.slice(0, 8).every(({ sees }) => !sees)).toBe(true)
    expect(calls.slice(8)).toEqual([{ sees: true, prompt: QUESTION }])
    expect(note).toEqual({ stop: 'unparsed', rounds: { valid: 0, failed: 8 }, memory: '' })
  })

  it('ends after so many rounds; what is remembered only grows', async () => {
    const round = [dispatch('Vision Expert', 'what?'), 'a cat', 'Answer: UNSOLVABLE']
    const { calls, note } = await play([...round, ...round, ...round, 'direct'], 'proreason:attempts=3')
    expect(calls).toHaveLength(10)
    expect(note).toMatchObject({ stop: 'exhausted', memory: 'a cat\na cat\na cat\n', rounds: { valid: 3, failed: 0 } })
  })

  it('remembers questions, too, and refuses to ask twice, where that is wanted', async () => {
    const round = [dispatch('Vision Expert', 'what?'), 'a cat', 'Answer: UNSOLVABLE']
    const script = [...round, round[0], 'direct']
    const { note } = await play(script, 'proreason:attempts=2,memory=questions,repeats=false')
    expect(note).toMatchObject({ memory: 'what? -> a cat\n', rounds: { valid: 1, failed: 1 } })
  })

  it('takes the answer out of a closed summary', async () => {
    const script = [...solved.slice(0, -1), 'as I said. Answer: four']
    expect((await play(script, 'proreason:open=false')).reply.text).toBe('four')
  })

  it('without a picture asks once', async () => {
    const { calls, reply } = await play(['4'], 'proreason', null)
    expect(calls).toEqual([{ sees: false, prompt: QUESTION }])
    expect(reply.text).toBe('4')
  })

  it('asks directly where the memory outgrows the model, and hides no other error', async () => {
    const full = new FoveaError('context_full', 'input', 'too long')
    const { reply, note } = await play([solved[0], 'two cats', full, 'direct'])
    expect([reply.text, note.stop]).toEqual(['direct', 'memory full'])
    await expect(play([solved[0], new Error('gone')])).rejects.toThrow('gone')
  })

  it('holds a model that follows no form to forms: it is never misunderstood, and answers with what an expert said', async () => {
    const prompt = 'how many stars are there, and is there a red circle?'
    const seen: { stop: string; rounds: { valid: number; failed: number }; memory: string }[] = []
    for (const seed of [1, 2, 3]) {
      const method = parseMethod('proreason:replies=constrained,attempts=3,stepwise=false')
      const reply = await tiny.model.generate({ prompt, images: [picture(seed)], method, maxTokens: 4 })
      const note = reply.notes?.at(-1)?.note as (typeof seen)[number]
      seen.push(note)
      expect(note.rounds.valid).toBeGreaterThan(0)
      expect(note.rounds.failed).toBe(0)
      expect(reply.calls!.length).toBe(3 * note.rounds.valid + 1)
      if (note.stop !== 'solved') continue
      expect(note.memory.split('\n').map((line) => line.trim())).toContain(reply.text.trim())
    }
    expect(seen.map(({ stop }) => stop)).not.toContain('unparsed')
  })

  it('asks the task and its parts, each once, and first the one who sees', async () => {
    const asked: string[] = []
    const method = parseMethod('proreason:replies=constrained,attempts=8,stepwise=false')
    const next = async ({ messages, options }: Request): Promise<Reply> => {
      const { content } = messages[0]
      const sees = pictureParts(messages).length > 0
      if (sees) asked.push((content.at(-1) as { text: string }).text)
      if (!options.allowed) return say(sees ? 'two' : 'direct', sees)
      // The first way that is allowed, again and again.
      const said: number[] = []
      for (;;) {
        const allowed = options.allowed(said)
        if (allowed === 'end' || allowed === undefined) break
        const id = Array.from({ length: tiny.model.parts.tokenizer.vocabSize }, (_, at) => at).find((at) =>
          allowed(at),
        )!
        said.push(id)
      }
      return say(tiny.model.parts.tokenizer.decode(said), sees)
    }
    const content = [
      { type: 'image', image: picture() } as const,
      { type: 'text', text: 'count stars. add two' } as const,
    ]
    const { tokenizer, architecture } = tiny.model.parts
    const reply = await method.talk!.answer!({ messages: [{ role: 'user', content }], options: {} }, next, {
      tokenizer,
      architecture,
    })
    expect(['count stars. add two', 'count stars.', 'add two']).toEqual(expect.arrayContaining(asked))
    expect(new Set(asked).size).toBe(asked.length)
    expect((reply.notes!.at(-1)!.note as { rounds: { valid: number } }).rounds.valid).toBeGreaterThan(0)
  })

  it('runs on a model: every call counts, and the answer is streamed', async () => {
    const method = parseMethod('proreason:attempts=2')
    const stream = tiny.model.stream({ prompt: 'is there a star?', images: [picture()], method, maxTokens: 4 })
    const pieces: string[] = []
    for await (const piece of stream) pieces.push(piece)
    const reply = await stream.reply
    expect(pieces.join('')).toBe(reply.text)
    const direct = await tiny.model.generate({ prompt: 'is there a star?', images: [picture()], maxTokens: 4 })
    expect(reply.text).toBe(direct.text)
    expect(reply.calls).toHaveLength(3)
    expect(reply.flops.prefill).toBeGreaterThan(3 * direct.flops.prefill)
    const aborted = await tiny.model.generate({ prompt: 'a', images: [picture()], method, signal: AbortSignal.abort() })
    expect(aborted).toMatchObject({ finishReason: 'aborted', text: '' })
  })
})
