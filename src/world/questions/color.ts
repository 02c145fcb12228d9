import { COLORS } from '../vocabulary.ts'
import { attributeTask } from './attribute.ts'

export const colorTask = attributeTask(
  'color',
  [
    'what color is the {object}?',
    'which color does the {object} have?',
    'what is the color of the {object}?',
    'name the color of the {object}.',
    'the {object} is drawn in which color?',
    'tell me the color of the {object}.',
  ],
  COLORS,
)
