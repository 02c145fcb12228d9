import { type ImageSet, tasksOf, worldItem } from '../world.ts'
import type { Group } from './section.ts'

const group = (id: string, set: ImageSet, title: string, about: string): Group => ({
  id,
  about,
  sections: ({ split, seed }) => [
    {
      id: set,
      title,
      tasks: tasksOf(set),
      language: 'en',
      item: async (task, index) => {
        const { image, turns, heldOut } = await worldItem({ set, split, seed }, task, index)
        return { shown: { pictures: [image] }, conversations: [turns], heldOut }
      },
    },
  ],
})

export const shapes = group('shapes', 'world', 'as in training', 'shapes, words, charts and grids')
export const drawings = group('drawings', 'drawings', 'by another renderer', 'shapes drawn by another renderer')
