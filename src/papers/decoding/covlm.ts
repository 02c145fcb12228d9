import { z } from 'zod'
import { leave, recall } from '../../pipeline/method/memory.ts'
import type { Site } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import type { Read } from '../../pipeline/method/sequence.ts'
import type { Feed, Step, StepSite } from '../../pipeline/method/talk-side.ts'
import { f32, joinFloats } from '../../runtime/index.ts'
import { concat, constant, expand, mul, reshape, slice, subDim, type Tensor } from '../../tensor/index.ts'
import { loraRank, tuned } from '../../training/lora.ts'
import { paper } from '../paper.ts'
import { type Box, decodeBoxes, meanOf, regionOf, suppress } from './covlm/boxes.ts'
import { detector } from './covlm/detector.ts'
import { gridSide } from './covlm/grid.ts'
import { groundingStage } from './covlm/stage.ts'
import { WORDS, type Word, wordLogits, wordTable } from './covlm/words.ts'

const options = z.object({
  score: z.number().min(0).max(1).default(0.01).describe('boxes that the detector is less sure of are left out'),
  overlap: z.number().min(0).max(1).default(0.45).describe('boxes that overlap a better one by more are left out'),
  boxes: z.int().min(1).default(100).describe('most boxes that a phrase may have'),
  ahead: z
    .int()
    .min(1)
    .default(8)
    .describe('most boxes that what comes next may be in; the next word is of their mixture, by score'),
  width: z.int().min(1).default(96).describe('channels of the detector; 256 in the paper'),
  lora: loraRank,
})

type Options = z.output<typeof options>

/**
 * CoVLM: Composing Visual Entities and Relationships in Large Language Models Via Communicative Decoding
 * 2023, ICLR 2024. https://arxiv.org/abs/2311.03354
 */
export const covlm = paper({
  id: 'covlm',
  name: 'CoVLM',
  title: 'CoVLM: Composing Visual Entities and Relationships in Large Language Models Via Communicative Decoding',
  arxiv: '2311.03354',
  url: 'https://arxiv.org/abs/2311.03354',
  code: 'https://github.com/UMass-Foundation-Model/CoVLM',
  date: '2023-11',
  venue: 'ICLR 2024',
  kind: ['decoding', 'training', 'application', 'connector'],
  summary:
    'Treating a sentence about an image as a bag of words loses who does what to whom. While writing, the LLM ' +
    'emits tokens that call a detector, for a phrase just written or for the object that must come next; the ' +
    'features of the boxes found are inserted into its input. The next words thus depend on the right regions, ' +
    'which helps on relation and composition tests.',
  equation: String.raw`
    \text{after } \langle \text{visual} \rangle \text{ or } \langle \text{previsual} \rangle:\quad \{(b, s_b)\} = \mathrm{NMS}\big(\mathrm{Detector}([\,E_{ij} ;\ h\,])\big),\qquad e_b = \mathrm{mean}\{\, E_{ij} : (i, j) \in b \,\}
    \langle \text{visual} \rangle: \text{ all } e_b \text{ are read};\qquad \langle \text{previsual} \rangle:\ p = \frac{\sum_b s_b\, \mathrm{softmax}(\ell_b)}{\sum_b s_b}
  `,
  where:
    'E are the visual tokens on their grid, h is the last state, s_b the score of box b and l_b what the ' +
    "model says next where it has read e_b alone. A word of the method's own is said where its logit is above " +
    'that of every token: <visual> looks for the phrase just written, <previsual> for what comes next.',
  differs: [
    'Its words are chosen greedily, whatever the sampling options.',
    'After <previsual> the next word is drawn from p; what follows knows of the best box alone, so that one ' +
      'cache will do.',
    'The norms of the detector are folded into its convolutions, and its branch for classes, whose loss ' +
      'counts nothing and which nothing reads, is left out.',
    'It is told of one square picture.',
    'The recipe trains on captions of World scenes with their boxes, and on all that is said in them, marks ' +
      'too; the encoder stays as it is, the language model is trained by LoRA, and there is no text beside ' +
      'captions.',
  ],
  places: ['see.tokens', 'read.linear', 'read.heads', 'talk.step', 'training'],
  options,
  recipe: ({ width, lora }) => ({
    options: { width, lora },
    stages: [groundingStage({ name: 'covlm', read: tuned(lora) }, width)],
  }),
  method: (chosen) => ({
    see: { tokens: (tokens) => leave(tokens, 'covlm.grid', tokens.states, 'covlm') },
    read: {
      ...tuned(chosen.lora),
      heads: {
        'covlm.grid': (_, at) => recall(at, 'covlm.grid', 'covlm'),
        'covlm.boxes': (read, at) => detect(read, at, chosen.width),
        'covlm.words': ({ hidden }, { p }) => wordLogits(p.at('says'), lastState(hidden)),
        'covlm.embeddings': (_, { p, architecture }) => mul(wordTable(p, architecture), 1),
      },
    },
    talk: { step: (at) => step(at, chosen) },
  }),
})

/** [b, s, d] -> [b, d]. */
function lastState(hidden: Tensor): Tensor {
  const [batch, length, width] = hidden.shape
  return reshape(slice(hidden, 1, subDim(length, 1), length), [batch, width])
}

/** What the detector says for the last state, [b, g g, 5]. */
function detect({ hidden }: Read, at: Site, width: number): Tensor {
  const g = gridSide(at.architecture)
  const [batch, , d] = hidden.shape
  // Without a picture, or with a smaller one, the rest of the grid is nothing.
  const nothing = expand(constant([0], [1, 1, 1]), [batch, g * g, d])
  const grid = recall(at, 'covlm.grid', 'covlm')
  const E = slice(concat([expand(grid, [batch, grid.shape[1], d]), nothing], 1), 1, 0, g * g)
  return detector(at.p, E, lastState(hidden), { grid: g, width })
}

/** What was fed, so that it is known when it has been read. */
type Spoken = Feed & { readonly word?: Word }

function step(at: StepSite, chosen: Options): Step | undefined {
  const { word } = (at.fed ?? {}) as Partial<Spoken>
  if (word === '<visual>' || word === '<previsual>') return look(word, at, chosen)
  const said = at.heads['covlm.words'].data as Float32Array
  const best = said.indexOf(Math.max(...said))
  if (said[best] <= at.logits.reduce((most, value) => Math.max(most, value))) return undefined
  return { feed: wordFeed(WORDS[best], at), note: { word: WORDS[best] } }
}

function wordFeed(word: Word, { heads }: StepSite): Spoken {
  const { dims, data } = heads['covlm.embeddings']
  const at = WORDS.indexOf(word)
  const row = (data as Float32Array).slice(at * dims[1], (at + 1) * dims[1])
  return { embeds: f32([1, dims[1]], row), word }
}

/** Detects, and gives the regions found to be read. */
function look(word: Word, { heads, architecture }: StepSite, chosen: Options): Step {
  const { score, overlap, boxes: most, ahead } = chosen
  const g = gridSide(architecture)
  const { dims, data } = heads['covlm.grid']
  const [count, width] = dims.slice(-2)
  if (count !== g * g)
    throw methodError(`covlm looks for objects in one picture of ${g}x${g} patches, there are ${count} visual tokens`)
  const side = architecture.vision.viewSize
  const cells = decodeBoxes(heads['covlm.boxes'].data as Float32Array, g, side / g)
  const found = suppress(
    cells.filter((box) => box.score > score),
    overlap,
  ).slice(0, word === '<visual>' ? most : ahead)
  const boxes = found.map((box) => scaled(box, side))
  const means = boxes.map((box) => meanOf(data as Float32Array, regionOf(box, g), g))
  const read = (rows: readonly Float32Array[]) => ({ embeds: f32([rows.length, width], joinFloats(rows)) })
  const feed = () =>
    word === '<visual>' ? read(means) : means.map((mean, at) => ({ feed: read([mean]), weight: boxes[at].score }))
  return { note: { word, boxes }, ...(means.length > 0 && { feed: feed() }) }
}

/** Corners in [0, 1]. */
const scaled = ({ x1, y1, x2, y2, score }: Box, side: number): Box => ({
  x1: x1 / side,
  y1: y1 / side,
  x2: x2 / side,
  y2: y2 / side,
  score,
})
