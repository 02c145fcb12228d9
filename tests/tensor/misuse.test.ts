import { describe, expect, it } from 'vitest'
import * as t from '../../src/tensor/index.ts'

const x = t.input('x', [2, 3])
const y = t.input('y', [4, 5])
const tokens = t.input('tokens', [1, 'n', 8])
const ids = t.input('ids', [2], 'i64')
const flag = t.input('flag', [2, 3], 'bool')
const scalar = t.input('s', [])

/** Misuse, and what the message must say: the op, the operands' shapes, the problem. */
const cases: [string, () => unknown, RegExp][] = [
  ['shapes that do not broadcast', () => t.add(x, y), /^add\(f32\[2, 3\], f32\[4, 5\]\): shapes do not broadcast/],
  ['named against fixed', () => t.mul(tokens, t.input('m', [1, 7, 8])), /^mul\(f32\[1, n, 8\], f32\[1, 7, 8\]\)/],
  ['two dtypes', () => t.add(ids, t.input('f', [2])), /^add\(i64\[2\], f32\[2\]\): dtypes differ/],
  ['arithmetic on bools', () => t.add(flag, flag), /^add\(bool\[2, 3\], bool\[2, 3\]\): bools/],
  ['exp of integers', () => t.exp(ids), /^exp\(i64\[2\]\): needs floats/],
  ['softmax of integers', () => t.softmax(ids), /^softmax\(i64\[2\]\)/],
  ['inner dims', () => t.matmul(x, y), /^matmul\(f32\[2, 3\], f32\[4, 5\]\): inner dims 3 and 4/],
  ['a vector in matmul', () => t.matmul(scalar, x), /^matmul\(f32\[\], f32\[2, 3\]\): needs at least two axes/],
  ['batch axes', () => t.matmul(t.input('a', [2, 3, 4]), t.input('b', [5, 4, 3])), /batch axes/],
  ['an axis outside', () => t.softmax(x, 2), /^softmax\(f32\[2, 3\]\): axis 2 is outside a rank-2 tensor/],
  ['a fractional axis', () => t.sum(x, 0.5), /^sum\(f32\[2, 3\]\): axis 0.5/],
  ['a repeated axis', () => t.sum(x, [0, -2]), /^sum\(f32\[2, 3\]\): axes \[0,-2\] repeat/],
  ['a sum of bools', () => t.sum(flag), /^sum\(bool\[2, 3\]\)/],
  ['reshape to another size', () => t.reshape(x, [4]), /^reshape\(f32\[2, 3\]\): 6 elements do not fit \[4\]/],
  ['reshape with two unknowns', () => t.reshape(x, [-1, -1]), /^reshape\(f32\[2, 3\]\): only one dim/],
  ['reshape that cannot be inferred', () => t.reshape(tokens, [3, -1]), /^reshape\(f32\[1, n, 8\]\): cannot infer/],
  ['expand of a wider axis', () => t.expand(x, [2, 1]), /^expand\(f32\[2, 3\]\): does not stretch to \[2, 1\]/],
  ['transpose by no order', () => t.transpose(x, [0, 0]), /^transpose\(f32\[2, 3\]\): \[0,0\] is not an order/],
  ['transpose of a vector', () => t.transpose(ids), /^transpose\(i64\[2\]\): has no two axes/],
  ['concat of nothing', () => t.concat([], 0), /^concat\(\): needs at least one part/],
  ['concat of other dims', () => t.concat([x, y], 0), /^concat\(f32\[2, 3\], f32\[4, 5\]\): all dims but axis 0/],
  ['a slice past the end', () => t.slice(x, 1, 1, 4), /^slice\(f32\[2, 3\]\): \[1, 4\) is not a range of axis 1/],
  ['a slice backwards', () => t.slice(x, 1, 2, 1), /^slice\(f32\[2, 3\]\): \[2, 1\)/],
  ['a slice before the start', () => t.slice(x, 1, -5, 2), /^slice\(f32\[2, 3\]\): \[-2, 2\)/],
  ['negative padding', () => t.pad(x, 0, -1, 0), /^pad\(f32\[2, 3\]\): cannot add -1/],
  ['float indices', () => t.gather(x, x), /^gather\(f32\[2, 3\], f32\[2, 3\]\): indices must be integers/],
  ['takeAlong of other ranks', () => t.takeAlong(x, ids), /^takeAlong\(f32\[2, 3\], i64\[2\]\)/],
  ['scatter outside', () => t.scatterAdd([9], ids, t.input('u', [3])), /^scatterAdd\(i64\[2\], f32\[3\]\): do not fit/],
  ['k above n', () => t.topK(x, 4), /^topK\(f32\[2, 3\]\): k = 4 of 3/],
  ['topK of a scalar', () => t.topK(scalar, 1), /^topK\(f32\[\]\): axis -1/],
  [
    'where without a condition',
    () => t.where(x, x, x),
    /^where\(f32\[2, 3\], f32\[2, 3\], f32\[2, 3\]\): needs a bool/,
  ],
  ['and of floats', () => t.and(x, flag), /^and\(f32\[2, 3\], bool\[2, 3\]\)/],
  ['a scale of another size', () => t.rmsNorm(x, ids), /^rmsNorm\(f32\[2, 3\], i64\[2\]\)/],
  ['a loss that is no scalar', () => t.grad(x, [x]), /^grad\(f32\[2, 3\]\): the loss must be a scalar/],
  ['values that do not fill', () => t.constant([1, 2], [3]), /^constant\(f32\[3\]\): got 2 values/],
  ['a dim that is no dim', () => t.input('z', ['a b']), /^z\(f32\[a b\]\): a b is no dim/],
  ['a negative size', () => t.input('z', [-1]), /^z\(f32\[-1\]\): -1 is no dim/],
]

describe('misuse is refused when it is traced', () => {
  it.each(cases)('%s', (_, misuse, message) => {
    expect(misuse).toThrow(t.ShapeError)
    expect(misuse).toThrow(message)
  })
})
