/** The small network that learns to predict relevance from what the question looks at in the first layer. */
import { linear, type Scope } from '../../../nn/index.ts'
import { add, fixedDim, mul, pad, relu, reshape, slice, subDim, type Tensor } from '../../../tensor/index.ts'

/** Channels behind each of five blocks. */
const CHANNELS = [32, 64, 128, 256, 512] as const
const KERNEL = 3

/** f_theta: five depthwise separable convolutions along the tokens and one to a single channel, a [b, v] -> logits [b, v]. */
export function predictor(p: Scope, a: Tensor): Tensor {
  const [batch, count] = a.shape
  const start = reshape(a, [batch, count, 1])
  const features = CHANNELS.reduce((x, channels, block) => {
    const own = p.at('blocks', block)
    return relu(linear(own.at('pointwise'), depthwise(own.at('depthwise'), x), channels))
  }, start)
  return reshape(linear(p.at('out'), features, 1), [batch, count])
}

/** Each channel with its neighbours along the tokens, zeros behind the ends: [b, v, c]. Written as sums, it takes v = 0. */
function depthwise(p: Scope, x: Tensor): Tensor {
  const width = fixedDim('predictor', x, 2)
  const kernel = p('weight', [KERNEL, width], identity)
  const around = pad(x, 1, 1, 1)
  const length = around.shape[1]
  const tap = (at: number) =>
    mul(slice(around, 1, at, subDim(length, KERNEL - 1 - at)), reshape(slice(kernel, 0, at, at + 1), [width]))
  return add(add(tap(0), tap(1)), tap(2))
}

/** At first each token sees itself, and a little of its neighbours. */
const identity = ([taps, width]: readonly number[], normal: () => number): Float32Array =>
  Float32Array.from({ length: taps * width }, (_, at) => {
    const isOwn = Math.floor(at / width) === (taps - 1) / 2
    return (isOwn ? 1 : 0) + 0.1 * normal()
  })
