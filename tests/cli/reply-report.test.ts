import { describe, expect, it } from 'vitest'
import { leftAloneLine } from '../../src/cli/reply-report.ts'
import { parseMethod } from '../../src/papers/methods.ts'

const [image, video] = [
  { images: [1], videos: [] },
  { images: [1], videos: [1] },
]

describe('what methods across frames leave alone', () => {
  it.each(['dycoke', 'evs', 'dtd', 'vidcom2', 'prunevid', 'fastvid', 'last-frames'])('%s says so of an image', (id) => {
    expect(leftAloneLine(parseMethod(id), image)).toBe(
      `${id} acts on the frames of videos; images are left as they are`,
    )
    expect(leftAloneLine(parseMethod(id), video)).toBeUndefined()
  })

  it.each(['holitom', 'flashvid', 'earlytom'])('%s acts on images within the language model', (id) => {
    expect(leftAloneLine(parseMethod(id), image)).toMatch(/^\w+ acts .* until the language model$/)
  })

  it('is nothing of methods for images, and names the others among several', () => {
    expect(leftAloneLine(parseMethod('fastv'), image)).toBeUndefined()
    expect(leftAloneLine(parseMethod('evs+fastv'), image)).toMatch(/^evs acts/)
  })
})
