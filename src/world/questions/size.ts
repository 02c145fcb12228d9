import { SIZES } from '../vocabulary.ts'
import { attributeTask } from './attribute.ts'

export const sizeTask = attributeTask(
  'size',
  [
    'how big is the {object}?',
    'what size is the {object}?',
    'what is the size of the {object}?',
    'is the {object} small, medium or large?',
    'tell me the size of the {object}.',
    'which size does the {object} have?',
  ],
  SIZES,
)
