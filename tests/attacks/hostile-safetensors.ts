/** Writers of hostile safetensors files, one per abuse. */

export interface HostileSafetensors {
  name: string
  /** Part of the message that a user must see. */
  message: string | RegExp
  write: () => Uint8Array
}

/** A file from a header (as text or bytes) and `dataBytes` zeros; `claimed` replaces the true header length. */
export function assemble(header: string | Uint8Array, dataBytes: number, claimed?: bigint): Uint8Array {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header
  const file = new Uint8Array(8 + json.length + dataBytes)
  new DataView(file.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true)
  file.set(json, 8)
  return file
}

function entry(dtype: string, shape: string, offsets: string): string {
  return `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`
}

function one(dtype: string, shape: string, offsets: string, dataBytes: number) {
  return () => assemble(`{"w":${entry(dtype, shape, offsets)}}`, dataBytes)
}

function two(offsetsA: string, offsetsB: string, dataBytes: number) {
  const header = `{"a":${entry('U8', '[4]', offsetsA)},"b":${entry('U8', '[4]', offsetsB)}}`
  return () => assemble(header, dataBytes)
}

const text = (content: string) => () => new TextEncoder().encode(content)
const good = entry('U8', '[4]', '[0,4]')
const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1234\n'

export const HOSTILE_SAFETENSORS: HostileSafetensors[] = [
  { name: '0 bytes', message: 'not a safetensors file (it is empty)', write: () => new Uint8Array() },
  { name: '7 bytes', message: 'starts with the bytes 01020304050607', write: () => Uint8Array.of(1, 2, 3, 4, 5, 6, 7) },
  {
    name: '4 kB of noise',
    message: 'not a safetensors file (it starts with the bytes 00efdecd',
    write: () => Uint8Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256),
  },
  { name: 'Git LFS pointer', message: 'this is a Git LFS pointer', write: text(pointer) },
  { name: 'HTML page', message: 'this is a web page', write: text('\n<!DOCTYPE html><html><title>Sign in</title>') },
  {
    name: 'header length beyond the file',
    message: 'claims 100 bytes, but only',
    write: () => assemble('{}', 4, 100n),
  },
  {
    name: 'header length of 2^64 - 1',
    message: 'claims 18446744073709551615 bytes',
    write: () => assemble('{}', 4, 2n ** 64n - 1n),
  },
  { name: 'header length 0', message: 'not a safetensors file', write: () => assemble('{}', 4, 0n) },
  { name: 'header cut inside JSON', message: 'not valid JSON', write: () => assemble('{"w":', 0) },
  { name: 'text after the JSON', message: 'text follows the end', write: () => assemble('{}{}', 0) },
  { name: 'header is a list', message: 'not a safetensors file', write: () => assemble('[]', 0) },
  {
    name: 'header is not UTF-8',
    message: 'not UTF-8',
    write: () => assemble(Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d), 0),
  },
  { name: 'nesting of 100 000', message: 'nesting is too deep', write: () => assemble(`{"w":${'['.repeat(1e5)}`, 0) },
  { name: 'the same name twice', message: '"w" comes twice', write: () => assemble(`{"w":${good},"w":${good}}`, 4) },
  {
    name: 'the same name twice, once escaped',
    message: 'comes twice',
    write: () => assemble(`{"w":${good},"\\u0077":${good}}`, 4),
  },
  { name: 'unknown dtype', message: 'tensor "w": unknown dtype "imp"', write: one('imp', '[4]', '[0,4]', 4) },
  {
    name: 'dtype from the prototype',
    message: 'unknown dtype "constructor"',
    write: one('constructor', '[4]', '[0,4]', 4),
  },
  {
    name: 'dtype missing',
    message: 'unknown dtype nothing',
    write: () => assemble('{"w":{"shape":[4],"data_offsets":[0,4]}}', 4),
  },
  { name: 'entry is a number', message: 'must be an object, found 3', write: () => assemble('{"w":3}', 0) },
  {
    name: 'shape larger than its bytes',
    message: 'shape [1000,1000] of F32 needs 4000000 bytes, but data_offsets [0,4] hold 4',
    write: one('F32', '[1000,1000]', '[0,4]', 4),
  },
  {
    name: 'shape whose size wraps to 0',
    message: 'needs 18446744073709551616 bytes',
    write: one('U8', '[4294967296,4294967296]', '[0,0]', 0),
  },
  { name: 'shape smaller than its bytes', message: 'needs 2 bytes', write: one('U8', '[2]', '[0,4]', 4) },
  { name: 'dimension -1', message: 'shape holds -1', write: one('U8', '[-1]', '[0,4]', 4) },
  { name: 'dimension 1.5', message: 'shape holds 1.5', write: one('U8', '[1.5]', '[0,4]', 4) },
  { name: 'dimension 1e400', message: 'shape holds 1e400', write: one('U8', '[1e400]', '[0,4]', 4) },
  {
    name: 'dimension 2^53 + 1',
    message: 'shape holds 9007199254740993',
    write: one('U8', '[9007199254740993]', '[0,4]', 4),
  },
  { name: 'dimension as text', message: 'shape holds "4"', write: one('U8', '["4"]', '[0,4]', 4) },
  { name: 'shape is no list', message: 'shape must be a list', write: one('U8', '4', '[0,4]', 4) },
  {
    name: '200 000 dimensions',
    message: 'shape has 200000 dimensions',
    write: one('U8', `[${new Array(2e5).fill(9007199254740991)}]`, '[0,4]', 4),
  },
  { name: 'offsets reversed', message: 'must be [begin, end]', write: one('U8', '[4]', '[4,0]', 4) },
  { name: 'three offsets', message: 'must be [begin, end]', write: one('U8', '[4]', '[0,4,8]', 4) },
  { name: 'negative offset', message: 'data_offsets holds -4', write: one('U8', '[4]', '[-4,0]', 4) },
  { name: 'offset past the end of the file', message: 'lie outside the file', write: one('U8', '[8]', '[0,8]', 4) },
  {
    name: 'tensors overlap',
    message: /tensor "b" \(bytes \d+ to \d+\) overlaps tensor "a"/,
    write: two('[0,4]', '[2,6]', 6),
  },
  { name: 'two tensors over the same bytes', message: 'overlaps tensor', write: two('[0,4]', '[0,4]', 4) },
  { name: 'gap between tensors', message: 'before tensor "b" belong to no tensor', write: two('[0,4]', '[6,10]', 10) },
  { name: 'gap before the first tensor', message: 'before tensor "w" belong', write: one('U8', '[4]', '[2,6]', 6) },
  {
    name: 'tail that no tensor covers',
    message: 'after tensor "w" belong to no tensor',
    write: one('U8', '[4]', '[0,4]', 9),
  },
  {
    name: 'name of a megabyte with line breaks and escapes',
    message: 'tensor "\\n\\u001b[31mxxx',
    write: () => assemble(`{"\\n\\u001b[31m${'x'.repeat(1e6)}":${entry('U8', '[4]', '[0,2]')}}`, 2),
  },
  { name: '30 MB of spaces', message: 'not valid JSON', write: () => assemble(`{${' '.repeat(3e7)}`, 0) },
  {
    name: 'a number of 30 MB',
    message: 'must be an object, found 1',
    write: () => assemble(`{"w":${'1'.repeat(3e7)}}`, 0),
  },
  { name: 'metadata that is no text', message: '__metadata__', write: () => assemble('{"__metadata__":{"a":1}}', 0) },
]
