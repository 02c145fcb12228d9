/** The chat template of a model folder, in the places where published models keep it. */
import { join } from 'node:path'
import { FoveaError } from '../errors.ts'
import { type ChatTemplate, createChatTemplate } from './chat-template.ts'
import { readModelFile, readModelJson } from './model-file.ts'
import { timeLimit } from './node-time-limit.ts'

/** A template as text, or a list of named ones, of which `name` is taken. */
function pick(value: unknown, name: string): string | undefined {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return undefined
  const entry = value.find((item) => item?.name === name)
  return typeof entry?.template === 'string' ? entry.template : undefined
}

/**
 * Looks in chat_template.jinja, then in `chat_template` of chat_template.json, processor_config.json and
 * tokenizer_config.json; the first that exists counts.
 * @param name which template of a list; default "default"
 * @throws FoveaError `template_missing`, `template_error` and those of reading files
 */
export async function loadChatTemplate(folder: string, name = 'default'): Promise<ChatTemplate> {
  const file = await readModelFile(folder, 'chat_template.jinja')
  if (file !== undefined) return createChatTemplate(file, { name: join(folder, 'chat_template.jinja'), timeLimit })
  for (const source of ['chat_template.json', 'processor_config.json', 'tokenizer_config.json']) {
    const template = pick((await readModelJson(folder, source))?.chat_template, name)
    if (template !== undefined) return createChatTemplate(template, { name: join(folder, source), timeLimit })
  }
  const message = `${folder}: no chat template "${name}"; add chat_template.jinja, a guessed one would give wrong answers`
  throw new FoveaError('template_missing', 'input', message)
}
