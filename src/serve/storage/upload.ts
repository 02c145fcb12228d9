/** Files on their way in: multipart/form-data, streamed to the disk. */
import type { Multipart, MultipartFile } from '@fastify/multipart'
import { FoveaError } from '../../errors.ts'
import { badParam } from '../engine/job-error.ts'
import { LIMITS } from '../limits.ts'
import { type Draft, type FileObject, type FileStore, fileTooLarge } from './file-store.ts'

/** What the parser takes; the store refuses a file before the parser would cut it. */
export const UPLOAD_LIMITS = {
  fileSize: LIMITS.fileBytes + 1,
  files: 1,
  fields: 16,
  fieldSize: 1024,
  fieldNameSize: 100,
  headerPairs: 100,
} as const

/** Of a name, in UTF-16 code units. */
const LONGEST_NAME = 255

/**
 * Keeps the part `file` under the purpose that another part says; parts come in any order.
 * @throws ParamError `file_missing`, `file_too_large`, `invalid_request`; FoveaError `invalid_multipart`, and what the store throws
 */
export async function receiveFile(parts: AsyncIterable<Multipart>, files: FileStore): Promise<FileObject> {
  let draft: Draft | undefined
  let [filename, purpose]: [string, unknown] = ['', undefined]
  try {
    for await (const part of parts) {
      if (part.type === 'field' && part.fieldname === 'purpose') purpose = part.value
      if (part.type === 'field' && part.fieldname.startsWith('expires_after')) throw expiryError()
      if (part.type === 'field') continue
      if (part.fieldname !== 'file') throw missingFile()
      draft = await files.receive(contentOf(part))
      filename = part.filename
    }
    if (!draft) throw missingFile()
    return await files.keep(draft, { filename: filename.slice(0, LONGEST_NAME), purpose: checkedPurpose(purpose) })
  } catch (error) {
    if (draft) await files.discard(draft)
    throw error instanceof FoveaError ? error : formError(error)
  }
}

async function* contentOf({ file }: MultipartFile): AsyncIterable<Uint8Array> {
  try {
    yield* file
  } catch (error) {
    throw formError(error)
  }
  if (file.truncated) throw fileTooLarge()
}

function checkedPurpose(purpose: unknown): 'batch' {
  if (purpose === 'batch') return purpose
  const given = typeof purpose === 'string' ? JSON.stringify(purpose.slice(0, 40)) : 'nothing'
  throw badParam('purpose', 'invalid_request', `purpose: expected "batch", given ${given}`)
}

const expiryError = () =>
  badParam('expires_after', 'invalid_request', 'expires_after: files are kept until they are removed; leave it out')

const missingFile = () => badParam('file', 'file_missing', 'file: expected one file, in a part of this name')

const formError = (cause: unknown) =>
  new FoveaError('invalid_multipart', 'usage', 'the body is no multipart/form-data of one file and its purpose', {
    cause,
  })
