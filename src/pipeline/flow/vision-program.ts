import type { WeightTable } from '../../checkpoints/weight-table.ts'
import { resizeImage } from '../../media/image.ts'
import type { Architecture } from '../../models/family.ts'
import { filterOf, modelPixels, type PreprocessorConfig } from '../../models/views/image-processor.ts'
import type { View } from '../../models/views/view.ts'
import type { Grid } from '../../models/vision-side.ts'
import { createScope } from '../../nn/index.ts'
import { type Backend, type Cost, compile, f32, i64, type Program, type Value } from '../../runtime/index.ts'
import { fixedDim, input, type Tensor } from '../../tensor/index.ts'
import type { Method } from '../method/method.ts'
import { assertOwnWeights, weightsUnder } from '../method/own-weights.ts'
import { type Pictures, see } from './see.ts'

/** What became of one view: its visual tokens, and for each patch the token it went into (-1: dropped). */
export interface EncodedView {
  /** [m, d] */
  readonly embeds: Value<Float32Array>
  readonly owner: readonly number[]
  /** What methods left beside the tokens, by name, [n, d]. */
  readonly memory: Readonly<Record<string, Value<Float32Array>>>
  /** What stands between the rows of an image that is packed, [d]. */
  readonly separator?: Float32Array
  readonly grid: Grid
  readonly milliseconds: number
  readonly cost: Cost
}

/** Vision encoder, connector and the methods between them, for views of one size. */
export interface VisionProgram {
  /** @param question token ids, for a connector that reads them */
  encode(pixels: Float32Array, question?: readonly number[]): Promise<EncodedView>
  dispose(): Promise<void>
}

export async function compileVision(
  backend: Backend,
  architecture: Architecture,
  weights: WeightTable,
  method: Method,
  view: View,
): Promise<VisionProgram> {
  const scope = createScope()
  const outputs = traceVision(architecture, method, view, scope)
  assertOwnWeights(method, scope.parameters)
  const program: Program = await compile(backend, outputs, weightsUnder(method, weights))
  const readsQuestion = program.inputs.some(({ name }) => name === 'question')
  const grid = architecture.vision.grid(view)
  const shape = pixelShape(view)
  return {
    encode: async (pixels, question = []) => {
      const { values, milliseconds, sizes } = await program.run({
        pixels: f32(shape, pixels),
        ...(readsQuestion && { question: i64([1, question.length], question) }),
      })
      const cost = program.cost(sizes)
      const [, m, d] = values.embeds.dims
      const embeds = f32([m, d], values.embeds.data as Float32Array)
      const owner = Array.from(values.owner.data, Number)
      const memory = memoryOf(values)
      return { embeds, owner, memory, separator: values.separator?.data as Float32Array, grid, milliseconds, cost }
    },
    dispose: () => program.dispose(),
  }
}

/** What was left for the language model, by name, [n, d] each. */
function memoryOf(values: Readonly<Record<string, Value>>): Record<string, Value<Float32Array>> {
  const prefix = memoryName('')
  const left = Object.entries(values).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(
    left.map(([name, { dims, data }]) => [name.slice(prefix.length), f32(dims.slice(1), data as Float32Array)]),
  )
}

type Shaped = Pick<View, 'width' | 'height' | 'clip'>

/** [1, 3, height, width], or [1, 3 frames, height, width] of a clip. */
const pixelShape = ({ width, height, clip }: Shaped) => [1, 3 * (clip?.frames.length ?? 1), height, width]

/** Outputs of the vision program: those that every view has, `separator` and `memory.*`. */
export type TracedVision = Readonly<Record<string, Tensor>> & { readonly embeds: Tensor; readonly owner: Tensor }

/** The graph of the vision side: pixels [1, 3, height, width] -> embeddings [1, m, d] and the owner of each patch. */
export function traceVision(
  architecture: Architecture,
  method: Method,
  view: Shaped,
  scope = createScope(),
): TracedVision {
  const tokens = see(scope, architecture, method, picturesOf(architecture, method, view))
  const separator = architecture.vision.separator?.(scope)
  const memory = Object.entries(tokens.memory).map(([name, value]) => [memoryName(name), value])
  const outputs = { embeds: tokens.states, owner: tokens.owner, ...(separator && { separator }) }
  return { ...outputs, ...Object.fromEntries(memory) }
}

/** Inputs for a view; the length of the question, where something reads it, is the dim `question`. */
const picturesOf = ({ vision }: Architecture, { needs }: Method, view: Shaped): Pictures => ({
  pixels: input('pixels', pixelShape(view)),
  ...((vision.question || needs?.question) && { question: input('question', [1, 'question'], 'i64') }),
})

/** What an output of the vision program, and an input of the language program, is called that carries a memory. */
export const memoryName = (name: string): string => `memory.${name}`

/** Enough along a side for what methods do with a grid. */
const SOME_PATCHES = 8

/** Widths of what a method leaves for the language model, by name. */
export function memoryWidths(architecture: Architecture, method: Method): Record<string, number> {
  const { viewSize, patchSize } = architecture.vision
  const side = viewSize > patchSize ? viewSize : SOME_PATCHES * patchSize // of encoders that take any size
  const { memory } = see(
    createScope(),
    architecture,
    method,
    picturesOf(architecture, method, { width: side, height: side }),
  )
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
