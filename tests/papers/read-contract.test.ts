import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FoveaError } from '../../src/errors.ts'
import { loadModel } from '../../src/loading/node-load.ts'
import { buildMethod, runnable } from '../../src/papers/methods.ts'
import { memoryWidths } from '../../src/pipeline/flow/trace-vision.ts'
import { compose, dense } from '../../src/pipeline/method/compose.ts'
import type { Method } from '../../src/pipeline/method/method.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { picture } from '../pipeline/tiny-model.ts'
import { withRandomAdapter } from './random-adapter.ts'
import { batchLogits, ownGradients, pictureChunk, type Run, runChunks, textChunk } from './read-side.ts'

const root = new URL('../fixtures/families/', import.meta.url).pathname
/**
 * One placeholder per image, positions on several axes, several views per image, an encoder-decoder, one whose images see
 * themselves in full, and one whose early layers are given more of them.
 */
const FAMILIES = ['llava', 'qwen2-vl', 'idefics3', 'smolvlm', 'blip-2-t5', 'gemma3', 'qwen3-vl']
/** What makes sense in models of three layers and a few patches. */
const SMALL: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  crosslmm: { side: 2, every: 2 },
  vlora: { skip: 1, depth: 2, rank: 4, alpha: 4 },
  // of several stages the last may leave the same although others went before
  pyramiddrop: { stages: 1 },
}

/** LoRA of the language model is swept where it is all that a method does; a model that was trained reads text otherwise. */
const optionsOf = ({ id, options }: (typeof runnable)[number]) => ({
  ...SMALL[id],
  ...('lora' in (options?.shape ?? {}) && { lora: 0 }),
})

const entries = runnable.filter((entry) => Object.keys(buildMethod(entry, optionsOf(entry)).read ?? {}).length > 0)

/** Methods that are there to change what is said, about text too. */
const STEERING: ReadonlySet<string> = new Set(['xl-vlms'])

/** What goes is merged by the words of the prompt: more of them leave other means, even where the same tokens stay. */
const MERGING: ReadonlySet<string> = new Set(['sparsevlm'])

/** They act on prompts that hold words of theirs alone, which these do not; tests of their recipes reach every weight. */
const WORDED = new Set(['vamos'])

/** Weights that only rank learn from labels of their own, which `recipes.test.ts` holds: what is chosen has no gradient. */
const RANKING: ReadonlySet<string> = new Set(['explain-compress'])

const backend = new NodeBackend()
afterAll(() => backend.dispose())

const question = [21, 40, 33, 27, 52]
const [first, second] = [picture(1), picture(2)]

/** Largest difference, relative to the largest value. */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length)
  const scale = Array.from(expected).reduce((top, value) => Math.max(top, Math.abs(value)), 0)
  return Array.from(expected).reduce((worst, value, at) => Math.max(worst, Math.abs(value - actual[at])), 0) / scale
}

describe.each(FAMILIES)('methods that act in the language model of %s', (family) => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel(join(root, family), { threads: 1 })
  })
  afterAll(() => model?.dispose())

  describe.each(entries.map((entry) => [entry.id, entry] as const))('%s', (id, entry) => {
    let method: Method
    let refused: FoveaError | undefined
    const isRefused = () => {
      if (!refused) return false
      expect(refused).toMatchObject({ code: expect.stringMatching(/^method_/), kind: 'usage' })
      expect(refused.message).toContain(id)
      return true
    }
    beforeAll(() => {
      try {
        method = withRandomAdapter(model.parts.architecture, buildMethod(entry, optionsOf(entry)))
      } catch (error) {
        if (!(error instanceof FoveaError)) throw error
        refused = error
      }
    })

    const prompt = (images = [first], text = question) => pictureChunk(model, method, images, text)
    const ends = async (...chunks: Parameters<typeof runChunks>[2]): Promise<Run> =>
      (await runChunks(model, method, chunks)).at(-1)!

    it('is refused by name where it cannot act', async () => {
      if (isRefused()) return
      const { logits } = await ends(await prompt())
      expect(logits.every(Number.isFinite)).toBe(true)
    })

    /** That chunks after a prompt, run over its cache, end as the whole sequence does. */
    async function expectAsWhole(after: readonly (readonly number[])[]): Promise<void> {
      const { prompt: form, language } = model.parts.architecture
      // The answer is a sequence of its own (T5), or a prompt sees itself in full: cutting it changes it.
      if (isRefused() || language.answerStart !== undefined || form.write || method.needs?.prompt) return
      const chunks = [await prompt()]
      for (const ids of after) chunks.push(textChunk(model, ids, chunks.at(-1)!, method))
      const cached = await runChunks(model, method, chunks)
      const whole = await ends(await prompt([first], [...question, ...after.flat()]))
      const last = cached.at(-1)!
      expect(last.rows).toEqual(whole.rows)
      expect(last.logits.every(Number.isFinite)).toBe(true)
      // What chooses tokens by the last of a prompt may choose others for a longer one; there is nothing to compare then.
      const isSame = cached[0].kept.join() === whole.kept.join() && !MERGING.has(id)
      if (isSame) expect(distance(last.logits, whole.logits)).toBeLessThan(1e-4)
    }

    it('decodes from its cache what the whole sequence gives', () => expectAsWhole([[31], [62], [45]]))

    it('answers a second turn as if it had been said at once', () => expectAsWhole([[31], [44, 36, 29]]))

    it('computes alone what it computes in a batch under the mask of training', async () => {
      if (isRefused() || model.parts.architecture.language.answerStart !== undefined) return
      const chunks = [await prompt([first]), await prompt([second], [...question].reverse())]
      const together = await batchLogits(backend, model, method, chunks)
      for (const [at, chunk] of chunks.entries())
        expect(distance(together[at], (await ends(chunk)).logits), `row ${at}`).toBeLessThan(1e-4)
    })

    it.runIf(!RANKING.has(id) && !WORDED.has(id))('lets gradients flow to its weights', async () => {
      if (isRefused() || model.parts.architecture.language.answerStart !== undefined) return
      for (const [name, gradient] of await ownGradients(backend, model, method)) {
        expect(gradient.every(Number.isFinite), name).toBe(true)
        expect(
          gradient.some((value) => value !== 0),
          name,
        ).toBe(true)
      }
    })

    it('looks at each of several images', async () => {
      if (isRefused() || (model.parts.architecture.prompt.maxImages ?? 2) < 2) return
      const pair = await ends(await prompt([first, second]))
      const other = await ends(await prompt([first, picture(3)]))
      expect(pair.logits.every(Number.isFinite)).toBe(true)
      expect(pair.logits).not.toEqual(other.logits)
      expect(pair.logits).not.toEqual((await ends(await prompt([picture(3), second]))).logits)
    })

    it.runIf(!STEERING.has(id))('leaves text alone as it is', async () => {
      if (isRefused()) return
      // Other linear layers are another model, unless they are made of the picture.
      const { read, see } = method
      if (read?.linear && !(see && Object.keys(memoryWidths(model.parts.architecture, method)).length > 0)) return
      const text = textChunk(model, question, { ...(await prompt()), end: 0 })
      const [plain] = await runChunks(model, dense, [text])
      const { logits } = await ends(text)
      expect(distance(logits, plain.logits)).toBeLessThan(1e-5)
    })

    it('has its FLOPs counted, in prefill and decoding', async () => {
      if (isRefused()) return
      const opening = await prompt()
      const program = await model.language(method)
      const [prefill, step] = await runChunks(model, method, [opening, textChunk(model, [31], opening, method)])
      const [more, less] = [program.cost(prefill.sizes).flops, program.cost(step.sizes).flops]
      expect(more).toBeGreaterThan(0)
      expect(less).toBeGreaterThan(0)
      if (model.parts.architecture.language.answerStart === undefined) expect(less).toBeLessThan(more)
    })
  })
})

it('there are methods to sweep, and one that is none agrees with itself', () => {
  expect(entries.length).toBeGreaterThanOrEqual(2)
  expect(compose().name).toBe(dense.name)
})
