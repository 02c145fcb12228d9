import { describe, expect, it } from 'vitest'
import { llava } from '../../src/models/vlm/llava.ts'
import { createScope } from '../../src/nn/index.ts'
import { parseMethod } from '../../src/papers/methods.ts'
import { see } from '../../src/pipeline/flow/see.ts'
import { compose } from '../../src/pipeline/method/compose.ts'
import type { Method } from '../../src/pipeline/method/method.ts'
import type { Sequence } from '../../src/pipeline/method/sequence.ts'
import { evaluate, input, type Leaf, type Tensor, topologicalOrder } from '../../src/tensor/index.ts'
import { ndarray } from '../../src/tensor/ndarray.ts'
import { readDialogue } from '../../src/training/dialogue.ts'
import { packText } from '../../src/training/mini/questions.ts'
import { sample } from '../../src/world/index.ts'
import { PATCHES, tinyConfig } from '../pipeline/tiny-model.ts'

const architecture = llava.bind(tinyConfig(64))
const [BATCH, TEXT] = [2, 40]

/** The sequence that a method gets of two pictures under training. */
function sequenceUnder(text: string): Sequence {
  let found: Sequence | undefined
  const watching: Method = {
    name: 'watching',
    read: {
      sequence: (seq) => {
        found = seq
        return seq
      },
    },
  }
  const method = compose(...parseMethod(text).parts!, watching)
  const p = createScope()
  const patches = input('patches', [BATCH, PATCHES, 32])
  const features = { layers: [], patches, special: 1, grid: { rows: 4, columns: 4 } }
  readDialogue(p, architecture, method, see(p, architecture, method, { features }), { batch: BATCH, text: TEXT })
  return found!
}

/** Two dialogues, each of several questions; characters stand for tokens. */
const packed = [1, 2].map((index) => {
  const { qa } = sample({ split: 'train', seed: 1, index, task: 'color' })
  const encode = (text: string) => Array.from(text.slice(0, 5), (letter) => 20 + (letter.charCodeAt(0) % 40))
  return packText([[qa], [qa, qa]], { text: TEXT, visual: PATCHES, encode })
})

function tagsOf({ tags = {} }: Sequence): Record<string, number[]> {
  const given: Record<string, number[]> = {
    ids: packed.flatMap(({ ids }) => [...ids]),
    segments: packed.flatMap(({ segments }) => [...segments]),
    weights: packed.flatMap(({ weights }) => [...weights]),
    patches: Array.from({ length: BATCH * PATCHES * 32 }, (_, at) => Math.sin(at)),
  }
  const entries = Object.entries(tags) as [string, Tensor][]
  const leaves = topologicalOrder(entries.map(([, tag]) => tag)).flatMap((node) => {
    const data = node.op.name === 'input' ? given[(node.attrs as Leaf).name] : undefined
    return data ? [[node, ndarray(node.shape.map(Number), data)] as const] : []
  })
  const values = evaluate(
    entries.map(([, tag]) => tag),
    new Map(leaves),
  )
  return Object.fromEntries(entries.map(([name], at) => [name, Array.from(values[at].data, Number)]))
}

describe('a sequence of training', () => {
  const found = tagsOf(sequenceUnder('dense'))
  const row = (name: string, at = 0) => found[name].slice(at * (PATCHES + TEXT), (at + 1) * (PATCHES + TEXT))

  it('has all tags of a prompt, of visual tokens those of their patches', () => {
    expect(Object.keys(found).sort()).toEqual(['answer', 'column', 'row', 'segment', 'token', 'view'])
    for (const at of [0, 1]) {
      const patches = Array.from({ length: PATCHES }, (_, patch) => patch)
      expect(row('view', at).slice(0, PATCHES)).toEqual(patches.map(() => 0))
      expect(row('row', at).slice(0, PATCHES)).toEqual(patches.map((patch) => Math.floor(patch / 4)))
      expect(row('column', at).slice(0, PATCHES)).toEqual(patches.map((patch) => patch % 4))
      for (const name of ['view', 'row', 'column'])
        expect(row(name, at).slice(PATCHES)).toEqual(new Array(TEXT).fill(-1))
      expect(row('token', at).slice(PATCHES)).toEqual(packed[at].ids)
    }
  })

  it('says which tokens are answers: those that are learnt, and no others', () => {
    for (const at of [0, 1]) {
      const { weights, targets, ids } = packed[at]
      const answers = row('answer', at)
      expect(answers.slice(0, PATCHES)).toEqual(new Array(PATCHES).fill(0))
      const learnt = targets.filter((_, slot) => weights[slot] > 0)
      expect(learnt.length).toBeGreaterThan(3)
      expect(ids.filter((_, slot) => answers[PATCHES + slot] === 1)).toEqual(learnt)
    }
  })

  it('has of tokens that were chosen the rows and columns of their patches', () => {
    const few = tagsOf(sequenceUnder('random:keep=.25'))
    expect(few.view).toHaveLength(BATCH * (4 + TEXT))
    const places = few.row.slice(0, 4).map((value, at) => 4 * value + few.column[at])
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(new Set(places).size).toBe(4)
  })
})
