import {
  add,
  constant,
  div,
  exp,
  fixedDim,
  matmul,
  minimum,
  mul,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  transpose,
} from '../tensor/index.ts'

/** One update: the new value and the new state tensors, in the order of `state`. */
export interface Update {
  readonly value: Tensor
  readonly state: readonly Tensor[]
}

/** An optimizer as a tensor program: how many state tensors a parameter has and how one step changes them. */
export interface Optimizer {
  readonly name: string
  readonly stateNames: readonly string[]
  /** `rate` is the scheduled learning rate, `step` the 1-based step as f32 scalar. */
  update(value: Tensor, gradient: Tensor, state: readonly Tensor[], rate: Tensor, step: Tensor): Update
}

export interface AdamOptions {
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
  readonly weightDecay?: number
}

const decayPower = (base: number, step: Tensor): Tensor => exp(mul(step, Math.log(base)))

/** AdamW: decoupled weight decay, bias-corrected moments (arXiv 1711.05101, algorithm 2). */
export function adamw({ beta1 = 0.9, beta2 = 0.99, epsilon = 1e-8, weightDecay = 0 }: AdamOptions = {}): Optimizer {
  return {
    name: 'adamw',
    stateNames: ['m', 'v'],
    update: (value, gradient, [m, v], rate, step) => {
      const first = add(mul(m, beta1), mul(gradient, 1 - beta1))
      const second = add(mul(v, beta2), mul(square(gradient), 1 - beta2))
      const mHat = div(first, sub(1, decayPower(beta1, step)))
      const vHat = div(second, sub(1, decayPower(beta2, step)))
      const direction = add(div(mHat, add(sqrt(vHat), epsilon)), mul(value, weightDecay))
      return { value: sub(value, mul(rate, direction)), state: [first, second] }
    },
  }
}

export interface MuonOptions {
  readonly momentum?: number
  readonly iterations?: number
  readonly weightDecay?: number
  /** Root mean square of an update at rate 1; 0.2 is that of AdamW. */
  readonly scale?: number
}

/**
 * Muon for matrices: Nesterov momentum, orthogonalised by Newton-Schulz iterations, scaled so that the update has
 * a set root mean square (Jordan et al. 2024; factor scale * sqrt(max(rows, columns)) of arXiv 2502.16982, eq. 4).
 */
export function muon({ momentum = 0.95, iterations = 5, weightDecay = 0, scale = 0.2 }: MuonOptions = {}): Optimizer {
  return {
    name: 'muon',
    stateNames: ['m'],
    update: (value, gradient, [m], rate) => {
      const first = add(mul(m, momentum), gradient)
      const nesterov = add(gradient, mul(first, momentum))
      const [rows, columns] = [fixedDim('muon', value, 0), fixedDim('muon', value, 1)]
      const factor = scale * Math.sqrt(Math.max(rows, columns))
      const direction = add(mul(orthogonalise(nesterov, iterations), factor), mul(value, weightDecay))
      return { value: sub(value, mul(rate, direction)), state: [first] }
    },
  }
}

/** Newton-Schulz: pushes all singular values of a matrix towards 1. X <- aX + (bA + cA^2) X with A = X X^T. */
function orthogonalise(matrix: Tensor, iterations: number): Tensor {
  const [a, b, c] = [3.4445, -4.775, 2.0315]
  const tall = fixedDim('muon', matrix, 0) > fixedDim('muon', matrix, 1)
  let x = tall ? transpose(matrix) : matrix
  x = div(x, add(sqrt(sum(square(x))), 1e-7))
  for (let step = 0; step < iterations; step++) {
    const gram = matmul(x, transpose(x))
    x = add(mul(x, a), matmul(add(mul(gram, b), mul(matmul(gram, gram), c)), x))
  }
  return tall ? transpose(x) : x
}

/** Scales gradients so that their joint norm is at most `limit`; returns the norm too. */
export function clipGlobalNorm(gradients: readonly Tensor[], limit: number): { gradients: Tensor[]; norm: Tensor } {
  const norm = sqrt(gradients.map((g) => sum(square(g))).reduce((a, b) => add(a, b)))
  const factor = minimum(constant([1], []), div(limit, add(norm, 1e-6)))
  return { norm, gradients: gradients.map((g) => mul(g, factor)) }
}
