import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nodeArt } from '../../../src/world/node-art.ts'
import { renderPixels } from '../../../src/world/node-canvas.ts'
import { makeEpisode, play } from '../../../src/world/table/episode.ts'
import { solve } from '../../../src/world/table/expert.ts'
import { type Goal, isReached } from '../../../src/world/table/goal.ts'
import { MOST_STEP, step, type Table } from '../../../src/world/table/table.ts'
import { CAMERAS, viewOf } from '../../../src/world/table/views.ts'

const art = nodeArt()
const episodes = (split: 'train' | 'test', n: number) =>
  Array.from({ length: n }, (_, index) => makeEpisode({ split, seed: 3, index, art }))
const thing = (name: string, x: number, y: number, radius = 0.08) => ({ name, vendor: 'noto' as const, x, y, radius })
const table: Table = {
  things: [thing('apple', 0.2, 0.5), thing('car', 0.7, 0.5)],
  gripper: { x: 0.5, y: 0.5, closed: false },
}

describe('episodes', () => {
  test('the expert reaches every goal, by legal steps, and none is reached before', () => {
    const kinds = new Set<string>()
    for (const episode of [...episodes('train', 60), ...episodes('test', 20)]) {
      kinds.add(episode.goal.kind)
      const states = play(episode, episode.actions)
      expect(isReached(states[0], episode.goal)).toBe(false)
      expect(isReached(states.at(-1)!, episode.goal), episode.instruction).toBe(true)
      for (const { dx, dy } of episode.actions)
        expect(Math.max(Math.abs(dx), Math.abs(dy))).toBeLessThanOrEqual(MOST_STEP)
    }
    expect([...kinds].sort()).toEqual(['at', 'beside', 'near', 'swap'])
  })

  test('are functions of their keys, in both languages', () => {
    expect(makeEpisode({ split: 'test', seed: 3, index: 1, art })).toEqual(episodes('test', 2)[1])
    const spanish = makeEpisode({ split: 'test', seed: 3, index: 1, art, language: 'es' })
    expect(spanish.actions).toEqual(episodes('test', 2)[1].actions)
    expect(spanish.instruction).toMatch(/^(pon|coloca|deja|lleva|cambia|intercambia|acerca) /)
  })

  test('the simulator moves what is gripped, and only that', () => {
    const goal: Goal = { kind: 'beside', thing: 0, place: 'right of', other: 1 }
    const states = play({ start: table }, solve(table, goal))
    for (const [i, state] of states.entries()) {
      const before = states[i - 1]
      if (!before) continue
      for (const [at, { x, y }] of state.things.entries()) {
        if (at !== before.gripper.holds) expect([x, y]).toEqual([before.things[at].x, before.things[at].y])
      }
    }
    expect(states.at(-1)!.things[0].x).toBeGreaterThan(0.75)
    expect(states.at(-1)!.gripper.holds).toBeUndefined()
    expect(
      step({ ...table, gripper: { x: 0.9, y: 0.1, closed: false } }, { dx: 0, dy: 0, closed: true }).gripper.holds,
    ).toBeUndefined()
  })

  test('two cameras see the table; the gripper shows', () => {
    const [state] = play(episodes('test', 1)[0], [])
    const [top, front] = CAMERAS.map((camera) => renderPixels(viewOf(state, camera)))
    expect(top).not.toEqual(front)
    const closed = { ...state, gripper: { ...state.gripper, closed: true } }
    expect(renderPixels(viewOf(closed, 'top'))).not.toEqual(top)
  })

  test('the same bytes on every machine', () => {
    const hash = createHash('sha256').update(JSON.stringify(episodes('test', 8)))
    expect(hash.digest('hex')).toBe('970604936bc097e42cc2da963a9603547653ac83991daee0a244882636af4f65')
  })

  test('refuses what cannot be solved, and steps that are too long', () => {
    const edge: Table = { ...table, things: [thing('apple', 0.5, 0.5), thing('car', 0.08, 0.5)] }
    expect(() => solve(edge, { kind: 'beside', thing: 0, place: 'left of', other: 1 })).toThrow(
      'This episode cannot be solved: there is no room where the thing would have to stand; use another goal or table',
    )
    expect(() => solve(edge, { kind: 'near', thing: 0, other: 5 })).toThrow(/the table has no thing 5/)
    expect(() => step(table, { dx: 0.5, dy: 0, closed: false })).toThrow(/cannot step by \(0\.5, 0\)/)
  })
})
