import { FoveaError } from '../errors.ts'

const FILE_CALL =
  /^(?:open|write|ftruncate|fsync|read|mkdir|rename|link|symlink|copyfile|unlink|rm|utime|l?stat|scandir)$/

/** An error of the file system as one that says what to do (`disk_full`, `write_failed`); any other as it is. */
export function diskError(error: unknown, folder: string): unknown {
  const isFolder = error instanceof FoveaError && error.code === 'folder_unwritable'
  if (error instanceof FoveaError && !isFolder) return error
  const {
    code,
    syscall = isFolder ? 'mkdir' : '',
    path = folder,
  } = (isFolder ? error.cause : error) as NodeJS.ErrnoException
  const fail = (name: string, message: string) =>
    new FoveaError(name, 'resource', `${path}: ${message}`, { cause: error })
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return fail('disk_full', 'the disk is full; make room and run again, what has come is kept')
  if (!code || !FILE_CALL.test(syscall)) return error
  return fail('write_failed', `it cannot be used (${code}); mend that, or set HF_HUB_CACHE to another folder`)
}
