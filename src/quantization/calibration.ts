import type { RgbImage } from '../media/image.ts'
import { type CompileOptions, linearGroups, type Value } from '../runtime/index.ts'
import { abs, arange, dimValue, div, gather, max, mul, reshape, sub, type Tensor } from '../tensor/index.ts'

/** An image and a question that show what activations a model has. */
export interface CalibrationSample {
  readonly image: RgbImage
  readonly prompt: string
}

/** What the input of a linear layer looked like. */
export interface InputStatistics {
  /** Largest absolute value of each channel, [k]. */
  readonly maxima: Float32Array
  /** Some rows as they were, each [k]. */
  readonly rows: Float32Array[]
}

/** How many rows of an input are kept: of a run, and of all. */
export interface KeptRows {
  readonly perRun: number
  readonly most: number
}

/** Enough to measure errors by. */
const FEW: KeptRows = { perRun: 4, most: 24 }

/** Rows of x [..., k], evenly from the first to the last: [count, k]. */
function someRows(rows: Tensor, count: number): Tensor {
  const last = sub(dimValue(rows.shape[0]), 1)
  return gather(rows, div(mul(arange(count), last), count - 1))
}

/** Watches the inputs of all linear layers while a model runs. */
export class CalibrationWatch {
  /** By the name of the layer's weight. */
  readonly statistics = new Map<string, InputStatistics>()
  private readonly targets = new Map<string, { readonly kind: 'maxima' | 'rows'; readonly weights: string[] }>()

  constructor(private readonly kept: KeptRows = FEW) {}

  readonly watch: NonNullable<CompileOptions['watch']> = {
    outputs: (outputs) => this.inputsOf(Object.values(outputs)),
    onValues: (values) => {
      for (const [name, value] of Object.entries(values)) this.record(name, value)
    },
  }

  private inputsOf(outputs: readonly Tensor[]): Record<string, Tensor> {
    const watched: Record<string, Tensor> = {}
    for (const group of linearGroups(outputs)) {
      const rows = reshape(group[0].input, [-1, group[0].k])
      const weights = group.map(({ weight }) => weight)
      for (const [kind, value] of [
        ['maxima', max(abs(rows), 0)] as const,
        ['rows', someRows(rows, this.kept.perRun)] as const,
      ]) {
        const name = `${kind} before ${weights[0]}`
        watched[name] = value
        this.targets.set(name, { kind, weights })
      }
    }
    return watched
  }

  private record(name: string, { data }: Value): void {
    const { kind, weights } = this.targets.get(name)!
    for (const weight of weights) {
      const known = this.statistics.get(weight) ?? { maxima: new Float32Array(0), rows: [] }
      const values = data as Float32Array
      if (kind === 'maxima') this.statistics.set(weight, { ...known, maxima: larger(known.maxima, values) })
      else {
        const { perRun, most } = this.kept
        const width = values.length / perRun
        const rows = Array.from({ length: perRun }, (_, row) => values.slice(row * width, (row + 1) * width))
        this.statistics.set(weight, { ...known, rows: [...known.rows, ...rows].slice(0, most) })
      }
    }
  }
}

const larger = (a: Float32Array, b: Float32Array): Float32Array => b.map((value, at) => Math.max(value, a[at] ?? 0))
