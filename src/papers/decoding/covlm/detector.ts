import type { Scope } from '../../../nn/index.ts'
import { concat, conv2d, expand, reshape, silu, type Tensor, transpose } from '../../../tensor/index.ts'

/**
 * What a detector says of every cell of a grid E [b, g g, d] for a state h [b, d]: tx, ty, tw, th and objectness,
 * [b, g g, 5]. The head of YOLOX (arXiv 2107.08430, section 2.1) on one level: f_ij = [E_ij ; h] -> a 1x1 stem, two 3x3
 * convolutions, and a 1x1 one.
 */
export function detector(p: Scope, E: Tensor, h: Tensor, { grid: g, width }: { grid: number; width: number }): Tensor {
  const [batch, , d] = E.shape
  const f = concat([E, expand(reshape(h, [batch, 1, d]), [batch, g * g, d])], 2) // [b, g g, 2 d]
  const map = reshape(transpose(f), [batch, f.shape[2], g, g])
  const stem = convolved(p.at('stem'), map, width, 1)
  const features = convolved(p.at('second'), convolved(p.at('first'), stem, width, 3), width, 3)
  return transpose(reshape(convolution(p.at('boxes'), features, 5, 1), [batch, 5, g * g]))
}

const convolved = (p: Scope, x: Tensor, out: number, size: number): Tensor => silu(convolution(p, x, out, size))

function convolution(p: Scope, x: Tensor, out: number, size: number): Tensor {
  const weight = p('weight', [out, x.shape[1], size, size])
  return conv2d(x, weight, { padding: (size - 1) / 2, bias: p('bias', [out]) })
}
