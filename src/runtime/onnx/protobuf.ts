/** Protocol-buffer wire format, as much of it as an ONNX model needs. Messages are built inside out. */
export class ProtobufWriter {
  private buffer = new Uint8Array(256)
  private length = 0

  /** Varint field; negative values take ten bytes as int64 does. */
  int(field: number, value: number | bigint): this {
    this.varint((field << 3) | 0)
    this.varint(BigInt.asUintN(64, BigInt(value)))
    return this
  }

  float(field: number, value: number): this {
    this.varint((field << 3) | 5)
    const at = this.reserve(4)
    new DataView(this.buffer.buffer).setFloat32(at, value, true)
    return this
  }

  bytes(field: number, value: Uint8Array): this {
    this.varint((field << 3) | 2)
    this.varint(value.length)
    const at = this.reserve(value.length)
    this.buffer.set(value, at)
    return this
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  message(field: number, build: (inner: ProtobufWriter) => void): this {
    const inner = new ProtobufWriter()
    build(inner)
    return this.bytes(field, inner.finish())
  }

  finish(): Uint8Array {
    return this.buffer.subarray(0, this.length)
  }

  private varint(value: number | bigint): void {
    let rest = BigInt(value)
    do {
      const at = this.reserve(1)
      this.buffer[at] = Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0)
      rest >>= 7n
    } while (rest > 0n)
  }

  private reserve(count: number): number {
    const at = this.length
    this.length += count
    if (this.length > this.buffer.length) {
      const grown = new Uint8Array(Math.max(this.length, this.buffer.length * 2))
      grown.set(this.buffer)
      this.buffer = grown
    }
    return at
  }
}
