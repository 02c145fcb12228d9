import { createReadStream, type ReadStream } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../../checkpoints/atomic.ts'
import { FoveaError } from '../../errors.ts'
import { badParam } from '../engine/job-error.ts'
import { LIMITS } from '../limits.ts'
import { newId, Records } from './records.ts'

/** A file as OpenAI's clients know it. */
export interface FileObject {
  readonly id: string
  readonly object: 'file'
  readonly bytes: number
  /** Seconds since 1970. */
  readonly created_at: number
  readonly filename: string
  readonly purpose: 'batch' | 'batch_output'
  readonly status: 'processed'
}

/** Bytes on disk that are no file yet: what was killed before they became one is removed at the next start. */
export interface Draft {
  readonly id: string
  readonly bytes: number
}

type Content = AsyncIterable<Uint8Array>

/** Files of clients: bytes, and a record beside them. */
export class FileStore {
  private bytes: number

  private constructor(
    private readonly folder: string,
    private readonly records: Records<FileObject>,
  ) {
    this.bytes = records.all().reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Throws what `Records.open` throws. */
  static async open(folder: string): Promise<FileStore> {
    const records = await Records.open<FileObject>(join(folder, 'records'))
    for (const name of await readdir(folder))
      if (name !== 'records' && !records.find(name)) await rm(join(folder, name), { force: true })
    return new FileStore(folder, records)
  }

  /** Throws ParamError `not_found`. */
  find(id: string, param = 'file_id'): FileObject {
    const file = this.records.find(id)
    if (file) return file
    throw badParam(param, 'not_found', `${param}: there is no such file here`)
  }

  /** The newest first. */
  all(): FileObject[] {
    return this.records.all()
  }

  pathOf({ id }: FileObject): string {
    return join(this.folder, id)
  }

  read(file: FileObject): ReadStream {
    return createReadStream(this.pathOf(file))
  }

  /** Throws FoveaError `file_too_large`, kind `usage`; `storage_full` and those of the disk, kind `resource`. */
  async receive(content: Content): Promise<Draft> {
    if (this.records.size >= LIMITS.storedFiles) throw storageFull(`${LIMITS.storedFiles} files`)
    const { id, bytes } = await this.write(newId('file-'), this.limited(content))
    return { id, bytes }
  }

  async keep({ id, bytes }: Draft, { filename, purpose }: Pick<FileObject, 'filename' | 'purpose'>) {
    const created_at = Math.floor(Date.now() / 1000)
    const known = this.records.find(id)?.bytes ?? 0
    const file = { id, object: 'file', bytes, created_at, filename, purpose, status: 'processed' } as const
    await this.records.put(file)
    this.bytes += bytes - known
    return file
  }

  async discard({ id }: Draft): Promise<void> {
    await rm(join(this.folder, id), { force: true })
  }

  /** A file of the server's own, in the place of one of this id that it was killed over. It has no limit. */
  async save(id: string, filename: string, content: Content): Promise<FileObject> {
    return this.keep(await this.write(id, content), { filename, purpose: 'batch_output' })
  }

  async remove({ id, bytes }: FileObject): Promise<void> {
    await this.records.remove(id) // first: bytes without a record are nothing, a record without bytes is a lie
    await rm(join(this.folder, id), { force: true })
    this.bytes -= bytes
  }

  private async write(id: string, content: Content): Promise<Draft> {
    let bytes = 0
    async function* counted() {
      for await (const part of content) {
        bytes += part.byteLength
        yield part
      }
    }
    await writeFileAtomic(join(this.folder, id), counted())
    return { id, bytes }
  }

  private async *limited(content: Content): Content {
    let bytes = 0
    for await (const part of content) {
      bytes += part.byteLength
      if (bytes > LIMITS.fileBytes) throw fileTooLarge()
      if (this.bytes + bytes > LIMITS.storedBytes) throw storageFull(`${LIMITS.storedBytes / 2 ** 30} GiB`)
      yield part
    }
  }
}

export const fileTooLarge = (): FoveaError =>
  badParam('file', 'file_too_large', `file: a file has at most ${LIMITS.fileBytes / 2 ** 20} MiB`)

const storageFull = (what: string): FoveaError =>
  new FoveaError('storage_full', 'resource', `the server keeps at most ${what}; delete some that are not needed`)
