import { allocate, type TypedArray, type Value } from './values.ts'

/** A tensor that grows along axis 0 without moving: the KV cache of one layer. */
interface Growing {
  value: Value
  buffer: TypedArray
}

/** Tensors that stay beside the engine between runs. */
export class ResidentStore {
  private readonly entries = new Map<string, Growing>()

  get(key: string): Value {
    const entry = this.entries.get(key)
    if (!entry) throw new Error(`no resident tensor "${key}"`)
    return entry.value
  }

  set(key: string, value: Value): void {
    this.entries.set(key, { value, buffer: value.data })
  }

  /** Adds rows at the end; capacity doubles, so a row costs its own copy and no more. */
  append(key: string, rows: Value): void {
    const entry = this.entries.get(key)
    if (!entry) throw new Error(`no resident tensor "${key}" to append to`)
    const { dtype, dims } = entry.value
    if (
      rows.dtype !== dtype ||
      rows.dims.length !== dims.length ||
      rows.dims.some((d, axis) => axis > 0 && d !== dims[axis])
    )
      throw new Error(`rows of ${rows.dtype} [${rows.dims}] do not continue "${key}", which is ${dtype} [${dims}]`)
    const used = entry.value.data.length
    const needed = used + rows.data.length
    if (needed > entry.buffer.length) {
      const grown = allocate(rows.dtype, Math.max(needed, entry.buffer.length * 2))
      grown.set(entry.value.data as never)
      entry.buffer = grown
    }
    entry.buffer.set(rows.data as never, used)
    this.resize(entry, entry.value.dims[0] + rows.dims[0])
  }

  truncate(key: string, rows: number): void {
    const entry = this.entries.get(key)
    if (!entry) throw new Error(`no resident tensor "${key}" to truncate`)
    const [count] = entry.value.dims
    if (!Number.isInteger(rows) || rows < 0 || rows > count)
      throw new Error(`resident tensor "${key}" has ${count} rows; it cannot be cut to ${rows}`)
    this.resize(entry, rows)
  }

  delete(key: string): void {
    this.entries.delete(key)
  }

  private resize(entry: Growing, rows: number): void {
    const dims = [rows, ...entry.value.dims.slice(1)]
    const length = dims.reduce((a, b) => a * b, 1)
    entry.value = { dtype: entry.value.dtype, dims, data: entry.buffer.subarray(0, length) as TypedArray }
  }
}
