/** Notes about the World, in pairs that belong together: by their pictures, or by their texts. */
import { askAll, findTask, makeScene, Rng, type Scene } from '../../../world/index.ts'

export interface Note {
  readonly scene: Scene
  readonly text: string
}

/**
 * A pair. Of every other one the pictures show the same objects on another ground, and the texts say nothing; of the others
 * both texts are about one scene, and the pictures are of any.
 */
export function notePair(seed: number, index: number): readonly [Note, Note] {
  const rng = Rng.from(seed, 'notes', index)
  const scene = (_name: string) => makeScene({ split: 'train', seed: rng.uint32(), index, kind: 'objects' })
  const [shared, other, third] = ['shared', 'other', 'third'].map(scene)
  if (index % 2 === 0)
    return [
      { scene: shared, text: said(shared, rng).question },
      { scene: onGroundOf(shared, other), text: said(other, rng).question },
    ]
  return [
    { scene: other, text: said(shared, rng).caption },
    { scene: third, text: facts(shared, rng) },
  ]
}

/** The same objects, drawn on the ground of another scene and with its noise. */
const onGroundOf = (scene: Scene, { background, seed, noise }: Scene): Scene => ({ ...scene, background, seed, noise })

/** What could be asked of any scene, and what this one shows. */
function said(scene: Scene, rng: Rng): { question: string; caption: string } {
  const asked = findTask('caption').ask(scene, rng)
  return { question: asked?.question ?? 'what do you see?', caption: asked?.answer ?? facts(scene, rng) }
}

/** Some questions with their answers. */
const facts = (scene: Scene, rng: Rng): string =>
  askAll(scene, rng, 3, { exist: 0, box: 0 })
    .map(({ question, answer }) => `${question} ${answer}`)
    .join(' ')
