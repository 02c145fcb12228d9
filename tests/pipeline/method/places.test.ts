import { describe, expect, it } from 'vitest'
import type { Adapter } from '../../../src/pipeline/method/adapter.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { keyOf, programKey } from '../../../src/pipeline/method/places.ts'

const adapter = (name: string, weight: string, hash?: string): Adapter => ({
  name,
  hash,
  entries: new Map([[weight, { dtype: 'f32', shape: [1], file: 'a', offset: 0, byteLength: 4 }]]),
  files: {},
})

const seeing = { see: { connector: (tokens, next) => next(tokens) } } satisfies Partial<Method>

describe('what is kept under the name of a method', () => {
  it('is not that of another adapter, nor of none', () => {
    const own = 'method.x.weight'
    const keys = [undefined, adapter('one', own), adapter('two', own)].map((each) =>
      keyOf({ name: 'x', ...seeing, adapter: each }, 'see'),
    )
    expect(new Set(keys).size).toBe(3)
  })

  it('is that of an adapter with the same content, wherever it was read', () => {
    const [a, b] = ['one', 'two'].map((name) => adapter(name, 'method.x.weight', 'c0ffee'))
    expect(keyOf({ name: 'x', ...seeing, adapter: a }, 'see')).toBe(keyOf({ name: 'x', ...seeing, adapter: b }, 'see'))
  })

  it('is shared with no method at all where the method leaves a side alone', () => {
    const method: Method = { name: 'x', options: {}, ...seeing, adapter: adapter('one', 'method.x.weight', 'c0ffee') }
    expect(keyOf(method, 'read')).toBe('dense')
    expect(programKey(method, 'language')).toBe('dense')
    expect(programKey(method, 'views')).toBe('x#c0ffee')
  })

  it('is not shared where the adapter replaces weights of the model', () => {
    const method: Method = { name: 'x', adapter: adapter('one', 'language_model.lm_head.weight', 'c0ffee') }
    expect([keyOf(method, 'read'), programKey(method, 'language'), programKey(method, 'views')]).toEqual(
      new Array(3).fill('x#c0ffee'),
    )
  })

  it('is the program of no method where only the host places slots', () => {
    expect(programKey({ name: 'x', read: { positions: (own) => own } }, 'language')).toBe('dense')
  })

  it('is not that of another method which somebody gave the same name; what was built from options may be built again', () => {
    const [one, two] = [1, 2].map((): Method => ({ name: 'x', see: { patches: (tokens) => tokens } }))
    expect(keyOf(one, 'see')).not.toBe(keyOf(two, 'see'))
    expect(keyOf(one, 'see')).toBe(keyOf({ ...one, adapter: undefined }, 'see'))
    expect(keyOf({ ...one, options: { k: 1 } }, 'see')).toBe(keyOf({ ...two, options: { k: 1 } }, 'see'))
  })
})
