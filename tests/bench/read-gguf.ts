/** Reads back the head of a GGUF file. Layout: github.com/ggml-org/ggml, docs/gguf.md. */
type Value = number | string | boolean | Value[]

export function readGguf(bytes: Buffer) {
  let at = 4
  const u32 = () => bytes.readUInt32LE((at += 4) - 4)
  const u64 = () => Number(bytes.readBigUInt64LE((at += 8) - 8))
  const text = () => {
    const length = u64()
    return bytes.toString('utf8', at, (at += length))
  }
  const scalars: Record<number, () => Value> = {
    4: u32,
    5: () => bytes.readInt32LE((at += 4) - 4),
    6: () => bytes.readFloatLE((at += 4) - 4),
    7: () => bytes[at++] === 1,
    8: text,
    9: () => {
      const read = scalars[u32()]
      return Array.from({ length: u64() }, () => read())
    },
  }
  if (bytes.toString('latin1', 0, 4) !== 'GGUF' || u32() !== 3) throw new Error('not GGUF 3')
  const [tensorCount, keyCount] = [u64(), u64()]
  const keys = Object.fromEntries(Array.from({ length: keyCount }, () => [text(), scalars[u32()]()] as const))
  const tensors = Array.from({ length: tensorCount }, () => ({
    name: text(),
    shape: Array.from({ length: u32() }, () => u64()),
    type: u32(),
    offset: u64(),
  }))
  return { keys, tensors, size: Math.ceil(at / 32) * 32 }
}
