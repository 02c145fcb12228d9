import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScope } from '../../../src/nn/index.ts'
import { traceLanguage } from '../../../src/pipeline/flow/trace-language.ts'
import { compose } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { withAdapter } from '../../../src/pipeline/method/own-weights.ts'
import { wordsOf } from '../../../src/pipeline/method/words.ts'
import { partsUnder } from '../../../src/pipeline/talk/parts-under.ts'
import { specialTokens } from '../../../src/training/mini/tokenizer.ts'
import { adapterOf } from '../../papers/random-adapter.ts'
import { type Tiny, tinyModel } from '../tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const speaking: Method = { name: 'speaking', needs: { words: ['<box>', '</box>'], says: true } }
const hearing: Method = { name: 'hearing', needs: { words: ['<obj>', '<box>'] } }

const leavesOf = (method: Method): Record<string, string> => {
  const scope = createScope()
  const { architecture, words } = partsUnder(tiny.model.parts, method)
  traceLanguage(architecture, compose(method), scope, words)
  const own = [...scope.parameters].filter(([name]) => name.startsWith('method.'))
  return Object.fromEntries(own.map(([name, { shape }]) => [name, shape.join()]))
}

/** Logits that a prompt ends with, its special words among it. */
async function lastLogits(method: Method, prompt: string): Promise<Float32Array> {
  let found = new Float32Array(0)
  const onPrefill = (_: unknown, logits: Float32Array) => {
    found = Float32Array.from(logits)
  }
  await tiny.model.generate({ prompt, method, rawPrompt: true, maxTokens: 0, onPrefill })
  return found
}

describe('words of a method', () => {
  it('have rows of the embedding, and of the head where they can be said', () => {
    expect(leavesOf(hearing)).toEqual({ 'method.hearing.words.embed': '2,32' })
    expect(leavesOf(speaking)).toEqual({ 'method.speaking.words.embed': '2,32', 'method.speaking.words.head': '2,32' })
  })

  it('of two methods stand behind each other, a word of both below the first', () => {
    const both = compose(hearing, speaking)
    expect(both.needs).toEqual({ words: ['<obj>', '<box>', '</box>'], says: true })
    expect(leavesOf(both)).toEqual({
      'method.hearing.words.embed': '2,32',
      'method.speaking.words.embed': '1,32',
      'method.speaking.words.head': '1,32',
    })
  })

  it('come behind everything that model and tokenizer know; a word of the model stays its own', () => {
    const { architecture, tokenizer } = tiny.model.parts
    const known = tokenizer.idToToken(20)!
    const { ids, first } = wordsOf({ name: 'x', needs: { words: ['<new>', known] } }, architecture, tokenizer)
    expect(first).toBeGreaterThanOrEqual(Math.max(architecture.language.vocabulary, tokenizer.vocabSize))
    expect(Object.fromEntries(ids)).toEqual({ '<new>': first, [known]: 20 })
    expect(leavesOf({ name: 'x', needs: { words: [known] } })).toEqual({})
  })

  it('are refused when blank', () => {
    const blank: Method = { name: 'blank', needs: { words: [' '] } }
    expect(() => wordsOf(blank, tiny.model.parts.architecture)).toThrow(/blank asks for the word " ", which is blank/)
  })

  it('a row like that of a known token is read as that token', async () => {
    const { architecture, tokenizer, weights } = tiny.model.parts
    const { hiddenSize } = architecture.language
    const known = specialTokens[2]
    const { file, offset } = [...weights.entries].find(([name]) => name.endsWith('embed_tokens.weight'))![1]
    const bytes = await readFile(join(tiny.folder, file))
    const at = offset + 4 * hiddenSize * tokenizer.tokenToId(known)!
    const row = new Float32Array(bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + 4 * hiddenSize))
    const adapter = adapterOf(
      new Map([['method.hearing.words.embed', { shape: [2, hiddenSize], data: Float32Array.from([...row, ...row]) }]]),
    )
    const method = withAdapter(hearing, adapter)
    const word = await lastLogits(method, 'a<obj>')
    const plain = await lastLogits(compose(), `a${known}`)
    expect(word).toHaveLength(plain.length)
    expect(word).toEqual(plain)
  })

  it('are said where their logit is largest, and stay out of the text of an answer', async () => {
    const { architecture } = tiny.model.parts
    const { hiddenSize } = architecture.language
    const zero = { shape: [2, hiddenSize], data: new Float32Array(2 * hiddenSize) }
    const quiet = withAdapter(
      { ...speaking, name: 'quiet' },
      adapterOf(
        new Map([
          ['method.quiet.words.embed', zero],
          ['method.quiet.words.head', zero],
        ]),
      ),
    )
    const logits = await lastLogits(quiet, 'a red')
    const { first } = wordsOf(quiet, architecture, tiny.model.parts.tokenizer)
    expect(logits).toHaveLength(first + 2)
    expect([...logits.subarray(first)]).toEqual([0, 0])
    expect(logits.subarray(0, architecture.language.vocabulary)).toEqual(await lastLogits(compose(), 'a red'))

    // Whatever the state is, one of two opposite rows has a large logit.
    const rows = Float32Array.from(
      { length: 2 * hiddenSize },
      (_, at) => (at < hiddenSize ? 100 : -100) * (1 + (at % 3)),
    )
    const loud = adapterOf(
      new Map([
        ['method.speaking.words.embed', zero],
        ['method.speaking.words.head', { shape: [2, hiddenSize], data: rows }],
      ]),
    )
    const ids: number[] = []
    const onToken = (id: number) => ids.push(id)
    const { text } = await tiny.model.generate({
      prompt: 'a red',
      method: withAdapter(speaking, loud),
      maxTokens: 3,
      onToken,
    })
    expect(ids.every((id) => id >= first)).toBe(true)
    expect(ids).toHaveLength(3)
    expect(text).toBe('')
  })
})
