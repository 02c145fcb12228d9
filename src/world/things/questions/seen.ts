import type { Item } from '../item.ts'

/** Whether the middle of an item's box lies in no other item's box, so that a point there means it alone. */
export function seenAt(items: readonly Item[], item: Item): boolean {
  const [x, y] = [(item.box[0] + item.box[2]) / 2, (item.box[1] + item.box[3]) / 2]
  const holds = ({ box: [left, top, right, bottom] }: Item) => x >= left && x <= right && y >= top && y <= bottom
  return items.every((other) => other === item || !holds(other))
}
