import { expect, test } from 'vitest'
import { nodeArt } from '../../../src/world/node-art.ts'
import { nameOf } from '../../../src/world/things/item.ts'
import { itemLabels } from '../../../src/world/things/item-labels.ts'
import { makeThingScene } from '../../../src/world/things/make-thing-scene.ts'
import { GROUPS, THINGS, thingNamed } from '../../../src/world/things/table.ts'

const art = nodeArt()

test('a cell has the labels of the item that covers most of it', () => {
  for (let index = 0; index < 8; index++) {
    const scene = makeThingScene({ split: 'train', seed: 9, index, art, layout: 'single' })
    const [item] = scene.items!
    const { item: owners, name, group, box } = itemLabels(scene, 12, art)
    const cell = Math.floor((item.y / 192) * 12) * 12 + Math.floor((item.x / 192) * 12)
    const owned = owners.filter((owner) => owner === 0).length
    expect(owned).toBeGreaterThan(3)
    expect(owners[0]).toBe(-1)
    const at = owners[cell] === 0 ? cell : owners.indexOf(0)
    expect(THINGS[name[at] - 1].name).toBe(nameOf(item))
    expect(GROUPS[group[at] - 1]).toBe(thingNamed(nameOf(item)).group)
    expect(box[4 * at]).toBeCloseTo(item.box[0] / 192, 5)
  }
})

test('refuses a grid that is none', () => {
  const scene = makeThingScene({ split: 'train', seed: 9, index: 0, art })
  expect(() => itemLabels(scene, 0, art)).toThrow(RangeError)
})
