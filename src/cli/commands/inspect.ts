import { countParameters, type WeightTable } from '../../checkpoints/weight-table.ts'
import { FoveaError } from '../../errors.ts'
import { modelPath } from '../../hub/package-root.ts'
import { traceLanguage } from '../../pipeline/flow/trace-language.ts'
import { tracePicture } from '../../pipeline/flow/trace-picture.ts'
import { tokenOutputs } from '../../pipeline/flow/trace-vision.ts'
import { dense } from '../../pipeline/method/compose.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import { precisionJson } from '../../pipeline/precision-report.ts'
import { partsUnder } from '../../pipeline/talk/parts-under.ts'
import type { QuantizedPrecision } from '../../quantization/node-precision.ts'
import { type Cost, countCost } from '../../runtime/index.ts'
import { type Tensor, topologicalOrder, UnknownSize } from '../../tensor/index.ts'
import { command } from '../command.ts'
import { type ModelOptions, methodOf, openModel, withDtypeOption, withMethodOption } from '../model-options.ts'
import { integer } from '../parsers.ts'
import { quantizeView } from '../quantize-view.ts'
import { formatFlops } from '../reply-report.ts'
import { sensitivityTable } from '../sensitivity-table.ts'
import { print, table } from '../terminal.ts'

interface InspectFlags extends Pick<ModelOptions, 'dtype'> {
  method: string[]
  text: number
  graph?: boolean
  sensitivity?: boolean
  json?: boolean
}

/** Weights that share the first word of their name. */
interface Part {
  readonly name: string
  /** 0 where the part has no numbered layers. */
  readonly layers: number
  readonly parameters: number
}

/** All that is said about a model, as data. */
interface Inspection {
  readonly model: string
  readonly architecture: string
  readonly method: string
  readonly layers: number
  readonly heads: { readonly count: number; readonly keyValue: number; readonly width: number }
  readonly hiddenSize: number
  readonly vocabulary: number
  readonly visualTokens: { readonly before: number; readonly given: number }
  readonly parts: readonly Part[]
  /** null: the method computes on as much as it finds in a picture. */
  readonly stages: Readonly<Record<string, Cost | null>>
  /** How often each op occurs, per program. */
  readonly ops: Readonly<Record<'vision' | 'language', Readonly<Record<string, number>>>>
}

export const inspectCommand = command<InspectFlags>({
  name: 'inspect',
  summary: 'Show the layers, parameters and FLOPs of a model',
  examples: [
    'fovea inspect',
    'fovea inspect path/to/model --method visionzip:keep=.25',
    'fovea inspect --graph',
    'fovea inspect path/to/model --dtype int8 --sensitivity',
    'fovea inspect --json',
  ],
  configure: (program) =>
    withMethodOption(
      withDtypeOption(program.argument('[model]', 'a model folder, org/name of the hub, or "mini"', 'mini')),
    )
      .option('--text <tokens>', 'length of the question that prefill is counted for', integer(1), 16)
      .option('--graph', 'list how often each op occurs')
      .option('--sensitivity', 'list what every quantized layer loses and the form it is kept in; needs --dtype')
      .option('--json', 'print one JSON object instead of text'),
  run: async ({ args: [name], options, signal }) => {
    const method = (await methodOf(options.method)) ?? dense
    const { dtype, json, sensitivity } = options
    if (sensitivity && (dtype ?? 'fp32') === 'fp32')
      throw new FoveaError('options_conflict', 'usage', '--sensitivity needs --dtype int8, int4 or auto')
    const choice: ModelOptions = { model: name as string, device: 'cpu', dtype, json }
    if (sensitivity && dtype !== 'auto') await calibrate(name as string, dtype as QuantizedPrecision, !json, signal)
    const model = await openModel(choice, signal)
    try {
      const found = inspect(model, method, options.text)
      const { precision } = model.parts
      const data = { ...found, dtype: precision.dtype, precision: precisionJson(precision, sensitivity) }
      print(
        json
          ? JSON.stringify(data)
          : [describe(found, options), ...sensitivityTable(precision, sensitivity)].join('\n\n'),
      )
    } finally {
      await model.dispose()
    }
  },
})

/** What a layer loses is measured once; a plan that is kept says it. */
async function calibrate(name: string, dtype: QuantizedPrecision, isTold: boolean, signal: AbortSignal): Promise<void> {
  const { quantizeModel } = await import('../../evaluation/quantize-model.ts')
  const making = quantizeView(isTold)
  await quantizeModel(modelPath(name), { dtype, signal, onQuantize: making.update }).finally(making.stop)
}

/** Traces both programs for one image of a single pixel: nothing is computed, sizes and counts are exact. */
function inspect(model: Model, method: Method, text: number): Inspection {
  const { architecture, weights, name } = partsUnder(model.parts, method)
  const image = { data: new Uint8Array(3), width: 1, height: 1 }
  const own = architecture.prompt.views(image)
  const views = method.see?.views?.(own, architecture) ?? own
  const slots = architecture.prompt.pack?.(image, views)
  const picture = tracePicture(architecture, method, views, { slots, sizes: { question: text } })
  const vision = [...picture.views, ...picture.gathered].map(tokenOutputs)
  const language = traceLanguage(architecture, method)
  const given = picture.tokens
  const before = own
    .map((view) => architecture.vision.grid(view))
    .reduce((sum, { rows, columns }) => sum + rows * columns, 0)
  const { layers, caches = layers, answerStart, heads, hiddenSize, vocabulary } = architecture.language
  const { memory } = picture
  const prompt = { text, visual: given, answer: 1, asked: 1, ...memory, ...pastSizes(caches, () => 0) }
  const next = () => {
    const rows = language.rows(prompt)
    const past = pastSizes(caches, (layer) => rows[layer])
    return { text: answerStart === undefined ? 1 : 0, visual: 0, answer: 1, asked: 1, ...memory, ...past }
  }
  const outputs = Object.values(language.outputs)
  return {
    model: name,
    architecture: architecture.name,
    method: method.name,
    layers,
    heads,
    hiddenSize,
    vocabulary,
    visualTokens: { before, given },
    parts: partsOf(weights),
    stages: {
      vision: costIfKnown(() =>
        addCosts(
          vision.map((outputs) => countCost(Object.values(outputs), { question: text, packed: slots?.length ?? 0 })),
        ),
      ),
      prefill: costIfKnown(() => countCost(outputs, prompt)),
      'decode, per token': costIfKnown(() => countCost(outputs, next())),
    },
    ops: { vision: countOps(vision.flatMap((o) => Object.values(o))), language: countOps(outputs) },
  }
}

/** null where a size is one that only running the program tells. */
function costIfKnown(count: () => Cost): Cost | null {
  try {
    return count()
  } catch (error) {
    if (error instanceof UnknownSize) return null
    throw error
  }
}

/** Weights by the first word of their name. */
function partsOf(weights: WeightTable): Part[] {
  const names = [...weights.entries.keys()]
  const groups = [...new Set(names.map((name) => name.split('.')[0]))]
  return groups.map((name) => {
    const own = names.filter((full) => full === name || full.startsWith(`${name}.`))
    const layers = own.flatMap((full) => /\.(?:layers?|block)\.(\d+)\./.exec(full)?.[1] ?? [])
    const parameters = countParameters(weights, own.length === 1 ? own[0] : `${name}.`)
    return { name, layers: new Set(layers).size, parameters }
  })
}

const pastSizes = (layers: number, rows: (layer: number) => number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: layers }, (_, layer) => [`past${layer}`, rows(layer)]))

const addCosts = (costs: readonly Cost[]): Cost =>
  costs.reduce((a, b) => ({ flops: a.flops + b.flops, bytes: a.bytes + b.bytes }), { flops: 0, bytes: 0 })

function countOps(outputs: readonly Tensor[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const { op } of topologicalOrder(outputs)) counts.set(op.name, (counts.get(op.name) ?? 0) + 1)
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]))
}

const grouped = (count: number): string => count.toLocaleString('en-US')

function describe(found: Inspection, { graph, text }: InspectFlags): string {
  const { heads, visualTokens, parts, stages, ops } = found
  const total = { name: 'total', layers: 0, parameters: parts.reduce((sum, part) => sum + part.parameters, 0) }
  const { before, given } = visualTokens
  const facts = [
    ['model', found.model],
    ['architecture', found.architecture],
    ['method', found.method],
    ['language layers', `${found.layers}, ${found.hiddenSize} wide`],
    ['attention', `${heads.count} heads of ${heads.width}, ${heads.keyValue} for keys and values`],
    ['vocabulary', grouped(found.vocabulary)],
    ['visual tokens', `${before} patches, ${given} given to the language model`],
  ]
  const width = Math.max(...facts.map(([name]) => name.length)) + 2
  const sections = [
    facts.map(([name, value]) => name.padEnd(width) + value).join('\n'),
    table(['weights', '>layers', '>parameters'], [...parts, total].map(partRow)),
    table(
      [`stage (${text} text tokens)`, '>FLOPs', '>bytes moved'],
      Object.entries(stages).map(([name, cost]) =>
        cost
          ? [name, formatFlops(cost.flops), `${(cost.bytes / 1e6).toPrecision(3)} MB`]
          : [name, 'as the picture asks', ''],
      ),
    ),
  ]
  if (graph) sections.push(table(['op', '>vision', '>language'], opRows(ops)))
  return sections.join('\n\n')
}

const partRow = ({ name, layers, parameters }: Part): string[] => [
  name,
  layers ? String(layers) : '',
  grouped(parameters),
]

function opRows({ vision, language }: Inspection['ops']): string[][] {
  const names = [...new Set([...Object.keys(language), ...Object.keys(vision)])]
  return names.map((name) => [name, String(vision[name] ?? 0), String(language[name] ?? 0)])
}
