import { FILM_TASK_IDS, LANGUAGES } from '../../world/index.ts'
import type { Group } from './section.ts'
import { drawersOf, PICTURE_TASKS, THING_TASKS, thingItem } from './things.ts'
import { filmItem } from './video.ts'

const TITLES: Readonly<Record<string, string>> = { en: 'English', es: 'Spanish' }

export const language: Group = {
  id: 'language',
  about: 'the same questions about things, several pictures and films in each language',
  sections: (options) => {
    const [{ vendors }] = drawersOf(options)
    return LANGUAGES.map((id) => {
      const [aboutThings, aboutFilms] = [
        thingItem(options, { vendors, language: id }),
        filmItem(options, { vendors, language: id, isCompared: false }),
      ]
      return {
        id,
        title: TITLES[id] ?? id,
        tasks: [...THING_TASKS, ...PICTURE_TASKS, ...FILM_TASK_IDS],
        language: id,
        item: (task, index) => (FILM_TASK_IDS.includes(task) ? aboutFilms : aboutThings)(task, index),
      }
    })
  },
}
