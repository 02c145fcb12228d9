/** Scores and sizes that the survey's tables are made of. */

/** Weights of layers of these widths with biases: 1024, 4096, 4096 are two layers. */
export const layerWeights = (...widths: readonly number[]): number =>
  widths.slice(1).reduce((sum, out, at) => sum + widths[at] * out + out, 0)

/**
 * MME, of pairs of questions with yes or no: percent of questions, percent of images with both right, and their sum.
 * @throws RangeError for an image that has not exactly two
 */
export function mmeScore(marks: readonly { readonly image: string; readonly correct: boolean }[]) {
  const images = new Map<string, boolean[]>()
  for (const { image, correct } of marks) images.set(image, [...(images.get(image) ?? []), correct])
  for (const [image, own] of images)
    if (own.length !== 2) throw new RangeError(`${image} has ${own.length} questions; MME asks two of each image`)
  const acc = (100 * marks.filter(({ correct }) => correct).length) / marks.length
  const plus = (100 * [...images.values()].filter((own) => own.every(Boolean)).length) / images.size
  return { acc, plus, score: acc + plus }
}

/** VQA accuracy: mean over all ways to leave one annotator out of `min(1, agreeing / 3)`. */
export function vqaAccuracy(answer: string, annotators: readonly string[]): number {
  const agreeing = annotators.filter((other) => other === answer).length
  const total = annotators.reduce((sum, other) => sum + Math.min(1, (agreeing - Number(other === answer)) / 3), 0)
  return total / annotators.length
}

const crossEntropyOfRow = (row: readonly number[], right: number): number =>
  Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - row[right]

/** The loss of CLIP on cosines [n, n] at a scale: both ways round, halved. */
export function clipLoss(cosines: readonly (readonly number[])[], scale: number): number {
  const rows = cosines.map((row) => row.map((x) => scale * x))
  const columns = rows.map((_, j) => rows.map((row) => row[j]))
  const sum = rows.reduce((all, row, i) => all + crossEntropyOfRow(row, i) + crossEntropyOfRow(columns[i], i), 0)
  return sum / (2 * rows.length)
}

/** The loss of SigLIP: each pair by itself, summed and divided by n. */
export function siglipLoss(cosines: readonly (readonly number[])[], scale: number, bias: number): number {
  const terms = cosines.flatMap((row, i) =>
    row.map((x, j) => Math.log1p(Math.exp(-(i === j ? 1 : -1) * (scale * x + bias)))),
  )
  return terms.reduce((sum, term) => sum + term, 0) / cosines.length
}
