import { type ChoiceItem, choiceTexts, chooseOption, type Sight } from '../../../evaluation/choices.ts'
import { withNullModel } from '../../../evaluation/null-model.ts'
import type { Method } from '../../../pipeline/method/method.ts'
import type { Model } from '../../../pipeline/model.ts'
import type { Lab } from '../../reports/lab.ts'
import { copyReader, nearestReader, pairReader, priorReader, type Reader, type Written, wordReader } from './readers.ts'

/** Whether each item was answered rightly. */
export type Marks = readonly boolean[]

/** Questions of the training split that readers have read, half of which text alone answers. */
const READ = 600
const NULL_MODELS = [1, 2, 3]

/** What readers have read. */
export const readBefore = ({ seed }: Pick<Lab, 'seed'>): Written[] => choiceTexts({ split: 'train', seed }, READ)

export const markReader = (items: readonly ChoiceItem[], reader: Reader): Marks =>
  items.map((item) => reader(item) === item.right)

/** What a model chooses of every item; kept as it comes. */
export async function markModel(
  lab: Lab,
  name: string,
  model: Model,
  items: readonly ChoiceItem[],
  sight: Sight,
  method?: Method,
): Promise<Marks> {
  return lab.remember(`${name}, ${items.length} items`, async () => {
    const marks: boolean[] = []
    for (const item of items) {
      lab.signal.throwIfAborted()
      marks.push((await chooseOption(model, item, sight, method)) === item.right)
      lab.progress(marks.length, items.length, name)
    }
    return marks
  })
}

/**
 * Eight models that see nothing, as many as the paper has: five readers of text, and three random models, which are right
 * by chance. None of them is the model that is measured.
 */
export async function panelOf(lab: Lab, items: readonly ChoiceItem[]): Promise<Marks[]> {
  const read = readBefore(lab)
  const readers = [priorReader, wordReader, pairReader, nearestReader, copyReader]
  const panel = readers.map((make) => markReader(items, make(read)))
  for (const seed of NULL_MODELS) {
    const mark = (model: Model) => markModel(lab, `random model ${seed}`, model, items, 'nothing')
    panel.push(await withNullModel(seed, mark))
  }
  return panel
}
