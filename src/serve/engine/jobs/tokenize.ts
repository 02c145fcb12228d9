import type { DetokenizeJob, Tokenized, TokenizeJob } from '../job.ts'
import { badParam } from '../job-error.ts'
import type { Opened } from '../opened.ts'

/** The tokens of a text in which special tokens are text like any other. */
export async function tokenize({ model }: Opened, { text }: TokenizeJob): Promise<Tokenized> {
  const { tokenizer } = model.parts
  const ids = tokenizer.encode(text)
  const pieces = new Map([...new Set(ids)].map((id) => [id, tokenizer.decode([id])]))
  return { ids, pieces: ids.map((id) => pieces.get(id)!) }
}

/** Throws ParamError `token_id_invalid`. */
export async function detokenize({ model }: Opened, { ids }: DetokenizeJob): Promise<string> {
  const { tokenizer } = model.parts
  const unknown = ids.find((id) => tokenizer.idToToken(id) === undefined)
  if (unknown !== undefined) throw badParam('tokens', 'token_id_invalid', `there is no token with id ${unknown}`)
  return tokenizer.decode(ids)
}
