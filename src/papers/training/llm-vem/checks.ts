/** Exact invariants of the head, the map of voxels and the losses. */
import { createScope } from '../../../nn/index.ts'
import { add, constant, evaluate, grad, matmul, mul, reshape, type Tensor, transpose } from '../../../tensor/index.ts'
import { Rng } from '../../../world/rng.ts'
import type { Lab } from '../../reports/lab.ts'
import type { Exact } from '../../reports/row.ts'
import { rankOne, SUBJECTS, VOXELS, voxelsOf } from './head.ts'
import { alignment, maskedError } from './loss.ts'
import { challengeScore, identityRanks } from './rank.ts'
import { groupPca } from './trials.ts'

const [H, C, T] = [5, 6, 7]

const beyond = (value: number, allowed: number): number => (Math.abs(value) <= allowed ? 0 : Math.abs(value))
const largest = (a: readonly number[], b: readonly number[]): number => Math.max(...a.map((x, i) => Math.abs(x - b[i])))
const numbers = (x: Tensor): number[] => Array.from(evaluate([x], new Map())[0].data, Number)

export async function* checks({ seed }: Lab): AsyncGenerator<Exact> {
  const rng = Rng.from(seed, 'llm-vem')
  const random = (...shape: number[]) =>
    constant(
      Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal()),
      shape,
    )
  yield* head(random)
  yield* losses(random)
  yield* maps(rng)
}

type Random = (...shape: number[]) => Tensor

function* head(random: Random): Generator<Exact> {
  const [F, A, W] = [random(3, T, C), random(H, T), random(H, C)]
  const dense = mul(reshape(A, [H, T, 1]), reshape(W, [H, 1, C])) // [H, T, C]
  const whole = matmul(reshape(F, [3, T * C]), transpose(reshape(dense, [H, T * C])))
  yield {
    name: 'rank-one map off the dense map with weights A[k, t] W[k, c]',
    value: beyond(largest(numbers(rankOne(F, A, W)), numbers(whole)), 1e-5),
  }
  const scope = createScope()
  const said = voxelsOf(scope, random(2, H), 4)
  const values = new Map(
    [...scope.parameters].map(([name, leaf]) => {
      const shape = leaf.shape.map(Number)
      const isOwn = /subjects|shift/.test(name)
      const data = isOwn
        ? new Float64Array(shape.reduce((a, b) => a * b, 1))
        : Float64Array.from(numbers(random(...shape)))
      return [leaf, { dtype: 'f32', shape, data }] as const
    }),
  )
  const rows = Array.from(evaluate([said], values)[0].data, Number)
  const subject = (s: number) => rows.slice(s * VOXELS, (s + 1) * VOXELS)
  const apart = Array.from({ length: SUBJECTS }, (_, s) => largest(subject(s), subject(0)))
  yield { name: 'voxels of subjects without maps of their own: off each other', value: Math.max(...apart) }
}

function* losses(random: Random): Generator<Exact> {
  const unit = constant([1, 0, 0, 1], [2, 2])
  const [none, options] = [constant([0, 0, 0, 0], [2, 2]), { align: 'contrastive', tau: 1 } as const]
  const pair = numbers(alignment(unit, unit, none, options))[0]
  yield {
    name: 'InfoNCE of two orthonormal pairs at temperature 1: off log(1 + 1/e)',
    value: beyond(pair - Math.log(1 + Math.exp(-1)), 1e-5),
  }
  const [v, t] = [random(6, C), random(6, C)]
  const flat = numbers(alignment(v, t, constant(new Array(36).fill(0), [6, 6]), { ...options, tau: 1e6 }))[0]
  yield {
    name: 'the same of six random pairs at an endless temperature: off log 6',
    value: beyond(flat - Math.log(6), 1e-4),
  }
  const same = constant([0, 1, 1, 0], [2, 2])
  yield {
    name: 'the same of two pairs of one picture: off 0',
    value: beyond(numbers(alignment(random(2, C), random(2, C), same, options))[0], 1e-5),
  }
  const [x, w, u] = [random(6, C), random(C, C), random(H, C)]
  const z = matmul(x, w)
  const error = maskedError(matmul(z, transpose(u)), random(6, H), constant(new Array(6 * H).fill(1), [6, H]))
  const aligned = mul(alignment(z, random(6, C), constant(new Array(36).fill(0), [6, 6]), options), 0)
  const [[alone], [beside]] = [grad(error, [w]), grad(add(error, aligned), [w])]
  yield {
    name: 'gradient of the voxel loss beside a text loss of weight 0: off the gradient without one',
    value: largest(numbers(alone), numbers(beside)),
  }
}

function* maps(rng: Rng): Generator<Exact> {
  const rows = Array.from({ length: 30 }, () => Array.from({ length: 8 }, () => rng.normal()))
  const all = rows.map((row) => row.map(() => 1))
  const { loadings: E, mean } = groupPca(rows, all, 8)
  const codes = rows.map((row) => E[0].map((_, c) => row.reduce((total, x, v) => total + (x - mean[v]) * E[v][c], 0)))
  const back = codes.map((code) => E.map((axis, v) => axis.reduce((total, x, c) => total + x * code[c], mean[v])))
  yield {
    name: 'responses through all components and back: off themselves',
    value: beyond(Math.max(...rows.map((row, n) => largest(row, back[n]))), 1e-9),
  }
  const gram = E[0].flatMap((_, a) =>
    E[0].map((__, b) => E.reduce((total, axis) => total + axis[a] * axis[b], 0) - Number(a === b)),
  )
  yield { name: 'loadings off orthonormal', value: beyond(Math.max(...gram.map(Math.abs)), 1e-9) }
  yield { name: 'rank of pictures by their own patterns, off 1', value: Math.max(...identityRanks(rows, rows)) - 1 }
  yield {
    name: 'score of r = .6, -.6 and 1 under ceilings .72, .5 and 0: off 25',
    value: beyond(challengeScore([0.6, -0.6, 1], [0.72, 0.5, 0]) - 25, 1e-9),
  }
}
