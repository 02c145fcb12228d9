import { COLORS, FILLS, type Scene, type SceneObject, SHAPES, SIZES } from '../../src/world/index.ts'

const ADJECTIVES: Record<string, keyof SceneObject> = Object.fromEntries([
  ...COLORS.map((word) => [word, 'color']),
  ...SIZES.map((word) => [word, 'size']),
  ...FILLS.map((word) => [word, 'fill']),
])
const NOUNS: Record<string, string | undefined> = { object: '', objects: '', crosses: 'cross' }
for (const shape of SHAPES) {
  NOUNS[shape] = shape
  NOUNS[`${shape}s`] ??= shape
}

/** The noun phrases of a question, found by its words alone: "red circle", "large objects". */
export function nounPhrases(question: string): string[] {
  const phrases: string[] = []
  let run: string[] = []
  for (const token of question.toLowerCase().split(/\s+/)) {
    const word = token.replace(/[?.,:]/g, '')
    if (word in ADJECTIVES && word === token) run.push(word)
    else {
      if (word in NOUNS) phrases.push([...run, word].join(' '))
      run = []
    }
  }
  return phrases
}

/** The objects that a noun phrase can mean, by plain comparison of words. */
export function objectsNamed(scene: Scene, phrase: string): SceneObject[] {
  return scene.objects.filter((object) =>
    phrase.split(' ').every((word) => {
      if (word in ADJECTIVES) return object[ADJECTIVES[word]] === word
      return NOUNS[word] === '' || NOUNS[word] === object.shape
    }),
  )
}
