import { SHAPES } from '../vocabulary.ts'
import { attributeTask } from './attribute.ts'

export const shapeTask = attributeTask(
  'shape',
  [
    'what shape is the {object}?',
    'which shape does the {object} have?',
    'what is the shape of the {object}?',
    'name the shape of the {object}.',
    'the {object} has which shape?',
    'tell me the shape of the {object}.',
  ],
  SHAPES,
)
