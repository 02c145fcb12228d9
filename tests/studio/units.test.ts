/** What the pages work out before they draw it. */
import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { papers } from '../../src/papers/registry.ts'
import { pointsOf } from '../../studio/src/compare/points.ts'
import { type MathNode, mathOf } from '../../studio/src/math/latex.ts'
import { formatMethodText, parseMethodText } from '../../studio/src/method/method-text.ts'
import { sentences } from '../../studio/src/papers/catalogue.ts'
import { fileOf } from '../../studio/src/picture/dropped.ts'
import { formatOf, sizeOf } from '../../studio/src/picture/sniff.ts'
import { stepsOf } from '../../studio/src/playground/flow.ts'
import { boxesOf, fatesAt, stopsOf } from '../../studio/src/playground/patches.ts'

const written = ({ tag, children }: MathNode): string =>
  `<${tag}>${typeof children === 'string' ? children : children.map(written).join('')}</${tag}>`

describe('equations', () => {
  it('become MathML, worked by hand', () => {
    expect(written(mathOf("\\hat{x}_c = \\frac{1}{2} V'_i"))).toBe(
      '<mrow><msub><mover><mi>x</mi><mo>^</mo></mover><mi>c</mi></msub><mo>=</mo>' +
        '<mfrac><mn>1</mn><mn>2</mn></mfrac><msubsup><mi>V</mi><mi>i</mi><mo>′</mo></msubsup></mrow>',
    )
    expect(written(mathOf('\\max_j d_j'))).toBe(
      '<mrow><munder><mo>max</mo><mi>j</mi></munder><msub><mi>d</mi><mi>j</mi></msub></mrow>',
    )
    expect(written(mathOf('\\begin{cases} B & \\text{if } a \\\\ A & \\text{else} \\end{cases}'))).toContain(
      '<mtr><mtd><mi>B</mi></mtd><mtd><mtext>if\u00a0</mtext><mi>a</mi></mtd></mtr>',
    )
  })

  it('of all papers are read, and what is not known is refused', () => {
    for (const { equation = '' } of papers) expect(() => mathOf(equation)).not.toThrow()
    expect(() => mathOf('\\oint x')).toThrow('\\oint is not known')
  })
})

/** Six patches on two rows: two of one token, one dropped before the language model, one in its second layer. */
const report = {
  visual_tokens: { before: 6, after: 4, last: 3, layers: [4, 3] },
  patches: [[0, 0, 1, -1, 2, 3]],
  steps: [{ layer: 1, tokens: [0, 1, 3] }],
}
const fates = (stop: number) => fatesAt(report, 0, stopsOf(report as never)[stop])

describe('the way of patches', () => {
  it('says of each what became of it, worked by hand', () => {
    expect(stopsOf(report as never).map(({ name, tokens }) => `${name} ${tokens}`)).toEqual([
      'patches 6',
      'given 4',
      'layer 1 4',
      'layer 2 3',
    ])
    expect(new Set(fates(0))).toEqual(new Set(['kept']))
    expect(fates(1)).toEqual(['merged', 'merged', 'kept', 'dropped', 'kept', 'kept'])
    expect(fates(2)).toEqual(fates(1))
    expect(fates(3)).toEqual(['merged', 'merged', 'kept', 'dropped', 'dropped', 'kept'])
  })

  it('takes sharing that all patches do for none', () => {
    const shuffled = { patches: [[0, 0, 1, 1]], steps: [] }
    const stop = { name: 'given', tokens: 2, layer: -1 }
    expect(fatesAt(shuffled, 0, stop)).toEqual(['kept', 'kept', 'kept', 'kept'])
  })

  it('is bands: what goes on, what joins, what falls out', () => {
    expect(stepsOf(report as never).map(({ stay, join, drop }) => [stay, join, drop])).toEqual([
      [4, 1, 1],
      [4, 0, 0],
      [3, 0, 1],
    ])
  })

  it('places patches on the views that they are of', () => {
    const views = [
      { rows: 1, columns: 2 },
      { rows: 1, columns: 1, box: { left: 4, top: 2, width: 4, height: 2 } },
    ]
    expect(boxesOf(views, 8, 4)).toEqual([
      { left: 0, top: 0, width: 4, height: 4 },
      { left: 4, top: 0, width: 4, height: 4 },
      { left: 4, top: 2, width: 4, height: 2 },
    ])
  })
})

it('methods as text come back, without what is as by default', () => {
  const method = parseMethodText('stc:tokens=36,ids=pack')
  expect(method).toEqual({ id: 'stc', given: { tokens: '36', ids: 'pack' } })
  expect(formatMethodText(method, { ids: 'pack', tokens: 64 })).toBe('stc:tokens=36')
  expect(formatMethodText(parseMethodText('dense'))).toBe('dense')
})

it.each(['png', 'jpeg', 'webp', 'gif'] as const)(
  'a %s is known by its first bytes, and its size where they say it',
  async (format) => {
    const bytes = await sharp({ create: { width: 30, height: 20, channels: 3, background: '#abc' } })
      .toFormat(format)
      .toBuffer()
    expect(formatOf(bytes)).toBe(format)
    expect(sizeOf(bytes)).toEqual(format === 'webp' ? undefined : { width: 30, height: 20 })
    expect(sizeOf(bytes.subarray(0, 9))).toBeUndefined()
  },
)

describe('what is dropped', () => {
  const dropped = (item: object) => ({ items: [{ kind: 'string' }, item], files: [] }) as unknown as DataTransfer
  const file = new File(['x'], 'a.png')

  it('is its first file, or a sentence about a folder and about nothing', () => {
    expect(fileOf(dropped({ kind: 'file', getAsFile: () => file }))).toBe(file)
    const folder = { kind: 'file', webkitGetAsEntry: () => ({ isDirectory: true, name: 'holidays' }) }
    expect(() => fileOf(dropped(folder))).toThrow('holidays is a folder; drop one picture out of it.')
    expect(() => fileOf(dropped({ kind: 'string' }))).toThrow('That is no file; a picture is wanted.')
  })
})

it('the benchmark has its points with intervals around them, baselines among them', () => {
  const points = pointsOf(readFileSync('docs/reducers.csv', 'utf8'))
  expect(points.length).toBeGreaterThan(30)
  for (const { low, right, high } of points) expect(low <= right && right <= high).toBe(true)
  const dense = points.find(({ id }) => id === 'dense')!
  expect([dense.tokens, dense.flops, dense.share]).toEqual([1, 1, undefined])
  expect(points.filter(({ id }) => id === 'random').map(({ share }) => share)).toContain(0.25)
})

it('the idea of a paper is its first sentences', () => {
  expect(sentences('One is a number, e.g. 3.5 of it. Two is more! Three is left out.', 2)).toBe(
    'One is a number, e.g. 3.5 of it. Two is more!',
  )
})
