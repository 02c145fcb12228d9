import { describe, expect, it } from 'vitest'
import { createScope, startingAt, withLinear, zeros } from '../../src/nn/index.ts'

describe('the root of a scope', () => {
  it('is the whole tree, from wherever one looks', () => {
    const scope = createScope()
    const deep = scope.at('method', 'mine').at('layers', 3)
    expect(scope.root()).toBe(scope)
    expect(deep.root()).toBe(scope)
    expect(deep.root().at('projector')('weight', [2, 2])).toBe(scope('projector.weight', [2, 2]))
    expect([...deep.parameters.keys()]).toEqual(['projector.weight'])
  })

  it('is the tree as it is, without what a part of it goes through or begins as', () => {
    const scope = createScope()
    const under = startingAt(
      withLinear(scope.at('method'), (x) => x),
      zeros,
    )
    expect(under.around).toBeDefined()
    expect(under.root()).toBe(scope)
    under.root()('weight', [1])
    expect(scope.firsts.size).toBe(0)
  })
})
