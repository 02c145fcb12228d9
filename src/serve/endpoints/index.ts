import type { Endpoint } from '../endpoint.ts'
import { batch, batches, cancelBatch, createBatch } from './batches.ts'
import { chat } from './chat.ts'
import { embeddings } from './embeddings.ts'
import { deleteFile, file, fileContent, files, uploadFile } from './files.ts'
import { inputTokens } from './input-tokens.ts'
import { messages, messagesTokens } from './messages.ts'
import { model, models } from './models.ts'
import { openApi } from './openapi.ts'
import { feed, paper, papers } from './papers.ts'
import { responses, responsesTokens } from './responses.ts'
import { sample } from './samples.ts'
import { health, metrics, props } from './state.ts'
import { detokenize, tokenize } from './tokens.ts'

const asked: readonly Endpoint[] = [
  chat,
  inputTokens,
  responses,
  responsesTokens,
  messages,
  messagesTokens,
  models,
  model,
  embeddings,
  uploadFile,
  files,
  file,
  fileContent,
  deleteFile,
  createBatch,
  batches,
  batch,
  cancelBatch,
  papers,
  feed,
  paper,
  sample,
  tokenize,
  detokenize,
  health,
  props,
  metrics,
]

/** Everything that can be asked of the server. */
export const endpoints: readonly Endpoint[] = [...asked, openApi(asked)]
