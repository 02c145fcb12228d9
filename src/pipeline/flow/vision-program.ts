import type { WeightTable } from '../../checkpoints/weight-table.ts'
import { resizeImage } from '../../media/image.ts'
import type { Architecture } from '../../models/family.ts'
import { filterOf, modelPixels, type PreprocessorConfig } from '../../models/views/image-processor.ts'
import type { View } from '../../models/views/view.ts'
import type { Grid } from '../../models/vision-side.ts'
import { createScope, type Scope } from '../../nn/index.ts'
import { type Backend, type Cost, compile, f32, i64, type Program, type Value } from '../../runtime/index.ts'
import { input } from '../../tensor/index.ts'
import type { Method } from '../method/method.ts'
import { allPatches, regroup, type VisualTokens } from '../method/visual-tokens.ts'

/** What became of one view: its visual tokens, and for each patch the token it went into (-1: dropped). */
export interface EncodedView {
  /** [m, d] */
  readonly embeds: Value<Float32Array>
  readonly owner: readonly number[]
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
  const outputs = traceVision(architecture, method, view)
  const program: Program = await compile(backend, outputs, weights.compileOptions)
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
      return { embeds, owner, separator: values.separator?.data as Float32Array, grid, milliseconds, cost }
    },
    dispose: () => program.dispose(),
  }
}

type Shaped = Pick<View, 'width' | 'height' | 'clip'>

/** [1, 3, height, width], or [1, 3 frames, height, width] of a clip. */
const pixelShape = ({ width, height, clip }: Shaped) => [1, 3 * (clip?.frames.length ?? 1), height, width]

/**
 * The graph of the vision side: pixels [1, 3, height, width] -> embeddings [1, m, d] and the owner of each patch. The
 * length of the question, where the connector reads it, is the dim `question`.
 */
export function traceVision(architecture: Architecture, method: Method, view: Shaped) {
  const scope = createScope()
  const features = architecture.vision.encode(scope, input('pixels', pixelShape(view)))
  const patches = allPatches(features.patches, features)
  const chosen = method.patches?.(patches) ?? patches
  const connected = connect(architecture, scope, chosen)
  const tokens = method.tokens?.(connected) ?? connected
  const separator = architecture.vision.separator?.(scope)
  return { embeds: tokens.states, owner: tokens.owner, ...(separator && { separator }) }
}

/** Tokens of a connector that resamples are no patches any more: methods after it cannot read the encoder by patch. */
function connect({ name, vision }: Architecture, scope: Scope, tokens: VisualTokens): VisualTokens {
  const question = vision.question && input('question', [1, 'question'], 'i64')
  const made = vision.connect(scope, tokens.states, { vision: tokens.vision, question })
  if (!('assignment' in made)) return { ...tokens, states: made }
  return regroup(tokens, made.states, made.assignment, `the connector of ${name}`)
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
