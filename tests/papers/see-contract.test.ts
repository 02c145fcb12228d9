/** What every method with a `see` side owes, on families of every kind. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FoveaError } from '../../src/errors.ts'
import { loadModel } from '../../src/loading/node-load.ts'
import { createScope } from '../../src/nn/index.ts'
import { buildMethod, runnable } from '../../src/papers/methods.ts'
import { compose, dense } from '../../src/pipeline/method/compose.ts'
import type { Method } from '../../src/pipeline/method/method.ts'
import type { VisualTokens } from '../../src/pipeline/method/visual-tokens.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { imagePlaceholder } from '../../src/pipeline/talk/written-pictures.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { add, grad, mean, square, sub } from '../../src/tensor/index.ts'
import { largestDifference, picture } from '../pipeline/tiny-model.ts'
import { withRandomAdapter } from './random-adapter.ts'
import { runViews, seeTraced, sideOf } from './see-trace.ts'

const FAMILIES = [
  'llava',
  'llava-next',
  'llava-onevision',
  'qwen2-vl',
  'idefics3',
  'internvl',
  'blip-2',
  'gemma3',
  'qwen3-vl',
]

const entries = runnable.filter((entry) => buildMethod(entry, {}).see)

/** Refusals that are right: what the method needs, and the family does not have. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  tome: /within an encoder layer|within the encoder/,
  pixelprune: /keeps another number/,
  nvlm: /takes its images before all text/,
  'llava-uhd': /takes its images before all text/,
  crosslmm: /cannot make 3 x 3 regions/,
  'llava-mini': /lays patches out anew|leaves 8 rows for the 36 patches/,
  'vision-remember': /lays patches out anew/,
  vlora: /this model has 3/,
  'notellm-2': /reads CLS, this vision encoder/,
}

const backend = new NodeBackend()
afterAll(() => backend.dispose())

const outputsOf = ({ states, deep, owner, memory }: VisualTokens) => ({
  states,
  owner,
  ...memory,
  ...(deep && { deep }),
})

/** Of each output, the parts of two views. */
const halves = (numbers: Float32Array) => [
  numbers.subarray(0, numbers.length / 2),
  numbers.subarray(numbers.length / 2),
]

describe.each(FAMILIES)('%s', (family) => {
  let model: Model
  beforeAll(async () => {
    const folder = fileURLToPath(new URL(`../fixtures/families/${family}`, import.meta.url))
    model = await loadModel(folder, { threads: 1 })
  })
  afterAll(() => model.dispose())

  /** A method with weights, or why the family cannot have it. */
  function ready(method: Method): Method | FoveaError {
    try {
      const { architecture } = model.parts
      const whole = withRandomAdapter(architecture, compose(method))
      seeTraced(architecture, whole)
      return whole
    } catch (error) {
      if (error instanceof FoveaError) return error
      throw error
    }
  }

  describe.each(entries.map((entry) => [entry.id, entry] as const))('%s', (id, entry) => {
    const act = (test: (method: Method) => Promise<void>) => async () => {
      const method = ready(buildMethod(entry, {}))
      if (!(method instanceof FoveaError)) return test(method)
      expect(method).toMatchObject({ code: 'method_unfit', kind: 'usage' })
      expect(method.message).toMatch(REFUSED[id] ?? /^$/)
      expect(method.message).toContain(id)
    }

    it(
      'makes of two views in a batch what it makes of each, and counts the work of both',
      act(async (method) => {
        const outputs = outputsOf(seeTraced(model.parts.architecture, method))
        const [both, ...single] = await runViews(backend, model, method, outputs, [[1, 2], [1], [2]])
        for (const [name, numbers] of Object.entries(both.values))
          for (const [view, half] of halves(numbers).entries())
            expect([name, largestDifference(half, single[view].values[name]) < 1e-5]).toEqual([name, true])
        expect(single[0].flops).toBeGreaterThan(0)
        expect(both.flops).toBeGreaterThan(1.5 * single[0].flops)
        expect(both.flops).toBeLessThanOrEqual(2 * single[0].flops)
      }),
    )

    it(
      'lets gradients flow to weights of its own',
      act(async (method) => {
        const scope = createScope()
        const { states, memory } = seeTraced(model.parts.architecture, method, scope)
        const own = [...scope.parameters].filter(([name]) => name.startsWith('method.') && !name.includes('.encoders.'))
        if (own.length === 0) return
        const slopes = grad(
          [states, ...Object.values(memory)].map((left) => mean(square(sub(left, 1)))).reduce((a, b) => add(a, b)),
          own.map(([, leaf]) => leaf),
        )
        const outputs = Object.fromEntries(own.map(([name], at) => [`slope ${name}`, slopes[at]]))
        const [{ values }] = await runViews(backend, model, method, outputs, [[1, 2]])
        for (const [name, slope] of Object.entries(values)) {
          expect(slope.every(Number.isFinite)).toBe(true)
          // A bias of all keys alike is nothing to a softmax.
          if (!name.endsWith('k_proj.bias')) expect([name, slope.some((value) => value !== 0)]).toEqual([name, true])
        }
      }),
    )

    it.runIf('keep' in (entry.options?.shape ?? {}))(
      'changes no bit where it keeps everything',
      act(async () => {
        const { architecture } = model.parts
        const all = ready(buildMethod(entry, { keep: 1 })) as Method
        const traced = [all, dense].map((method) => outputsOf(seeTraced(architecture, method, createScope(), 1)))
        const [[kept], [own]] = [
          await runViews(backend, model, all, traced[0], [[1]]),
          await runViews(backend, model, dense, traced[1], [[1]]),
        ]
        expect(kept.values).toEqual(own.values)
      }),
    )

    it('answers about several images, or says by name why it does not', async () => {
      const method = ready(buildMethod(entry, {}))
      if (method instanceof FoveaError) return
      const { imagesFirst, maxImages = 2 } = model.parts.architecture.prompt
      const side = sideOf(model.parts.architecture)
      const images = [picture(1, side, side), picture(2, 2 * side, side)].slice(0, maxImages)
      const token = imagePlaceholder(model.parts) ?? ''
      const prompt = `${imagesFirst ? '' : token.repeat(images.length)} what is it?`
      const asked = model.generate({ prompt, rawPrompt: true, images, method, maxTokens: 2, ignoreEos: true })
      const outcome = await asked.catch((error: unknown) => error)
      if (outcome instanceof FoveaError) {
        if (outcome.code === 'context_full') return // this fixture has 64 positions
        expect(outcome).toMatchObject({ code: 'method_unfit' })
        expect(outcome.message).toMatch(REFUSED[id] ?? /^$/)
        expect(outcome.message).toContain(id)
        return
      }
      if (outcome instanceof Error) throw outcome
      const { tokens, flops } = outcome as Awaited<typeof asked>
      expect(tokens.visual.after).toBeGreaterThanOrEqual(images.length)
      expect(flops.vision).toBeGreaterThan(0)
    })
  })
})
