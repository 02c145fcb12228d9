/** @internal Arrays of numbers, for the reference rules of the ops. */

/** A concrete array in double precision: what the reference rules of the ops compute with (integers and bools too). */
export interface NdArray {
  readonly data: Float64Array
  readonly shape: readonly number[]
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((total, dim) => total * dim, 1)

/** Row-major strides. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1)
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1]
  return strides
}

export const ndarray = (shape: readonly number[], data?: ArrayLike<number>): NdArray => ({
  shape,
  data: data ? Float64Array.from(data) : new Float64Array(sizeOf(shape)),
})

/** Calls `visit(index, flat)` for every element in row-major order. The index array is reused. */
export function eachIndex(shape: readonly number[], visit: (index: readonly number[], flat: number) => void): void {
  const index = new Array<number>(shape.length).fill(0)
  const total = sizeOf(shape)
  for (let flat = 0; flat < total; flat++) {
    visit(index, flat)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis] < shape[axis]) break
      index[axis] = 0
    }
  }
}

/** An array whose elements are computed from their index. */
export function fill(shape: readonly number[], value: (index: readonly number[]) => number): NdArray {
  const out = ndarray(shape)
  eachIndex(shape, (index, flat) => {
    out.data[flat] = value(index)
  })
  return out
}

/** Flat offset of an index. */
export const offsetOf = (strides: readonly number[], index: readonly number[]): number =>
  index.reduce((total, at, axis) => total + at * strides[axis], 0)

/** Reads `x` at an index of a larger shape that `x` broadcasts to. */
export function broadcastReader(x: NdArray): (index: readonly number[]) => number {
  const strides = stridesOf(x.shape).map((stride, axis) => (x.shape[axis] === 1 ? 0 : stride))
  return (index) => {
    const skip = index.length - strides.length
    let offset = 0
    for (let axis = 0; axis < strides.length; axis++) offset += index[axis + skip] * strides[axis]
    return x.data[offset]
  }
}

/** Applies f along one axis: every line of `x` becomes a line of length f(line).length. */
export function alongAxis(x: NdArray, axis: number, f: (line: Float64Array) => ArrayLike<number>): NdArray {
  const outer = sizeOf(x.shape.slice(0, axis))
  const n = x.shape[axis]
  const inner = sizeOf(x.shape.slice(axis + 1))
  const lines: ArrayLike<number>[] = []
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++)
      lines.push(f(Float64Array.from({ length: n }, (_, j) => x.data[(o * n + j) * inner + i])))
  const length = lines[0]?.length ?? n
  const out = ndarray([...x.shape.slice(0, axis), length, ...x.shape.slice(axis + 1)])
  lines.forEach((line, at) => {
    const [o, i] = [Math.floor(at / inner), at % inner]
    for (let j = 0; j < length; j++) out.data[(o * length + j) * inner + i] = line[j]
  })
  return out
}
