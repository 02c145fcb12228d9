import type { WeightTable } from '../../checkpoints/weight-table.ts'
import { resizeImage } from '../../media/image.ts'
import type { Architecture } from '../../models/family.ts'
import { filterOf, modelPixels, type PreprocessorConfig } from '../../models/views/image-processor.ts'
import type { View } from '../../models/views/view.ts'
import { type Grid, squareSide } from '../../models/vision-side.ts'
import { createScope } from '../../nn/index.ts'
import { type Backend, type Cost, compile, f32, i64, type Program, type Value } from '../../runtime/index.ts'
import { type Dim, evaluateDim, fixedDim, input } from '../../tensor/index.ts'
import { type Carrying, createCarrying, type StreamPlace } from '../method/carrying.ts'
import type { Method } from '../method/method.ts'
import { methodError } from '../method/method-error.ts'
import { assertOwnWeights, weightsUnder } from '../method/own-weights.ts'
import type { GatheredTokens, VisualTokens } from '../method/visual-tokens.ts'
import { CarriedValues, carriedOutputs, planOf } from './carried-values.ts'
import { sideBySide } from './deep.ts'
import { type Pictures, see, seeViews } from './see.ts'

/** What became of one view: its visual tokens, and for each patch the token it went into (-1: dropped). */
export interface EncodedView {
  /** [m, d], or wider where early layers of the language model are given more (`tokenWidth`). */
  readonly embeds: Value<Float32Array>
  readonly owner: readonly number[]
  /** What methods left beside the tokens, by name, [n, d]. */
  readonly memory: Readonly<Record<string, Value<Float32Array>>>
  /** What was noted of each token, by name, [m]. */
  readonly signals: Readonly<Record<string, Value<Float32Array>>>
  /** Positions that they take in the prompt, where each keeps its own: the signal `place` says which. */
  readonly span?: number
  /** Who changed the number or meaning of the tokens, in order. */
  readonly changedBy: readonly string[]
  /** Of frames that share tokens: patches that went into a token of another frame, and its number among all of the video. */
  readonly elsewhere?: ReadonlyMap<number, number>
  /** Time, row and column of each token, where that is not the middle of its patches. */
  readonly places?: readonly (readonly number[])[]
  readonly grid: Grid
  readonly milliseconds: number
  readonly cost: Cost
}

/** Vision encoder, connector and the methods between them, for views of one size. */
export interface VisionProgram {
  /** @param question token ids, for a connector that reads them */
  encode(pixels: ViewPixels, question?: readonly number[], at?: StreamPlace): Promise<EncodedView>
  /** Forgets what the frames of a stream left for each other. */
  forget(stream: string): Promise<void>
  dispose(): Promise<void>
}

export async function compileVision(
  backend: Backend,
  architecture: Architecture,
  weights: WeightTable,
  method: Method,
  view: View,
  ofStream = false,
): Promise<VisionProgram> {
  const scope = createScope()
  const stream = ofStream ? createCarrying() : undefined
  const tokens = traceVision(architecture, method, view, scope, stream)
  const [outputs, { changedBy, span }] = [tokenOutputs(tokens), tokens]
  assertOwnWeights(method, scope.parameters)
  const carried = stream ? carriedOutputs(stream, method) : {}
  const program: Program = await compile(backend, { ...outputs, ...carried }, weightsUnder(method, weights))
  const frames = stream && new CarriedValues(program, stream, planOf(method))
  const readsQuestion = program.inputs.some(({ name }) => name === 'question')
  const grid = architecture.vision.grid(view)
  const shape = pixelShape(view)
  return {
    encode: async (pixels, question = [], at) => {
      const { feeds, keep } = (at && (await frames?.of(at))) ?? {}
      const asked = readsQuestion && { question: i64([1, question.length], question) }
      const given = { pixels: f32(shape, pixels.own), ...furtherFeeds(method, pixels), ...asked, ...feeds }
      const { values, milliseconds, sizes } = await program.run(given, { fetch: Object.keys(outputs), keep })
      const cost = program.cost(sizes)
      const [, m, d] = values.embeds.dims
      const embeds = f32([m, d], values.embeds.data as Float32Array)
      const owner = Array.from(values.owner.data, Number)
      const [memory, signals] = [valuesNamed(values, memoryName), valuesNamed(values, signalName)]
      return { embeds, owner, memory, signals, span: spanIn(span, sizes), changedBy, grid, milliseconds, cost }
    },
    forget: async (key) => frames?.forget(key),
    dispose: () => program.dispose(),
  }
}

/** What a span is in a run. */
export const spanIn = (span: Dim | undefined, sizes: Readonly<Record<string, number>>): number | undefined =>
  span === undefined ? undefined : evaluateDim(span, new Map(Object.entries(sizes)))

/** Values of batch 1 under names of a kind, without their batch. */
export function valuesNamed(
  values: Readonly<Record<string, Value>>,
  nameOf: (name: string) => string,
): Record<string, Value<Float32Array>> {
  const found = Object.entries(values).filter(([name]) => name.startsWith(nameOf('')))
  return Object.fromEntries(
    found.map(([name, { dims, data }]) => [name.slice(nameOf('').length), f32(dims.slice(1), data as Float32Array)]),
  )
}

type Shaped = Pick<View, 'width' | 'height' | 'clip'>

/** [1, 3, height, width], or [1, 3 frames, height, width] of a clip. */
const pixelShape = ({ width, height, clip }: Shaped) => [1, 3 * (clip?.frames.length ?? 1), height, width]

/** The graph of the vision side for one view: pixels [1, 3, height, width] -> its tokens. */
export const traceVision = (
  architecture: Architecture,
  method: Method,
  view: Shaped,
  scope = createScope(),
  stream?: Carrying,
): VisualTokens => seeViews(scope, architecture, method, { ...picturesOf(architecture, method, view), stream })

/** What a program says of tokens: `embeds`, `owner`, each memory and signal by a name of its own, and `places`. */
export function tokenOutputs({ owner, memory, signals, places, ...tokens }: GatheredTokens) {
  const named = (entries: GatheredTokens['memory'], nameOf: (name: string) => string) =>
    Object.fromEntries(Object.entries(entries).map(([name, value]) => [nameOf(name), value]))
  const placed = places && { [PLACES]: places }
  return { embeds: sideBySide(tokens), owner, ...named(memory, memoryName), ...named(signals, signalName), ...placed }
}

/** The output that says where the tokens that are left of a video stand. */
export const PLACES = 'places'

/** Pixels of a view for the model's own encoder and, by name, for those that a method brings. */
export interface ViewPixels {
  readonly own: Float32Array
  readonly encoders: Readonly<Record<string, Float32Array>>
}

/** Encoders that a method brings see a view as a square of their own size, whatever its shape. */
export function viewPixels(view: View, config: PreprocessorConfig, method: Method): ViewPixels {
  const seen = further(method).map(([name, { side, processor }]) => {
    return [name, pixelsOf({ ...view, width: side, height: side }, processor)] as const
  })
  return { own: pixelsOf(view, config), encoders: Object.fromEntries(seen) }
}

const further = ({ needs }: Method) => Object.entries(needs?.encoders ?? {})
const pixelsName = (encoder: string): string => `pixels.${encoder}`

const furtherFeeds = (method: Method, { encoders }: ViewPixels): Record<string, Value> =>
  Object.fromEntries(
    further(method).map(([name, { side }]) => [pixelsName(name), f32([1, 3, side, side], encoders[name])]),
  )

/** Further encoders take still images. Throws FoveaError `method_unfit` for clips of frames that are encoded as one. */
function furtherInputs(method: Method, { clip }: Shaped): Pictures['encoders'] {
  const encoders = further(method)
  if (clip && encoders.length > 0)
    throw methodError(
      `${method.name} brings encoders of still images, but this model encodes clips of ${clip.frames.length} frames; give frames as images`,
    )
  return Object.fromEntries(encoders.map(([name, { side }]) => [name, input(pixelsName(name), [1, 3, side, side])]))
}

/** Inputs for a view; the length of the question, where something reads it, is the dim `question`. */
const picturesOf = ({ vision }: Architecture, method: Method, view: Shaped): Pictures => ({
  pixels: input('pixels', pixelShape(view)),
  encoders: furtherInputs(method, view),
  ...((vision.question || method.needs?.question) && { question: input('question', [1, 'question'], 'i64') }),
})

/** What an output of the vision program, and an input of the language program, is called that carries a memory. */
export const memoryName = (name: string): string => `memory.${name}`

export const signalName = (name: string): string => `signal.${name}`

/** All of the vision side for one square view. */
export function traceSquare(architecture: Architecture, method: Method, scope = createScope()): VisualTokens {
  const side = squareSide(architecture.vision)
  return see(scope, architecture, method, picturesOf(architecture, method, { width: side, height: side }))
}

/** Widths of what a method leaves for the language model, by name. */
export function memoryWidths(architecture: Architecture, method: Method): Record<string, number> {
  const { memory } = traceSquare(architecture, method)
  return Object.fromEntries(Object.entries(memory).map(([name, value]) => [name, fixedDim('memory', value, 2)]))
}

/**
 * A view as the encoder takes it: resized and normalised, [3, height, width], or [3, frames, height, width] of a clip.
 */
export function pixelsOf({ image, width, height, clip }: View, config: PreprocessorConfig): Float32Array {
  const [first, ...others] = (clip?.frames ?? [image]).map((frame) => {
    const fits = frame.width === width && frame.height === height
    const resized = fits ? frame : resizeImage(frame, width, height, filterOf(config))
    return modelPixels(resized, config)
  })
  return others.length ? byChannel([first, ...others], width * height) : first
}

/** Frames [3, height, width] -> [3, frames, height, width]. */
function byChannel(frames: readonly Float32Array[], plane: number): Float32Array {
  const stacked = new Float32Array(3 * frames.length * plane)
  for (const [at, frame] of frames.entries())
    for (let channel = 0; channel < 3; channel++)
      stacked.set(frame.subarray(channel * plane, (channel + 1) * plane), (channel * frames.length + at) * plane)
  return stacked
}
