/** What the machine lacks, where an error of it reached the command line as it was. */

interface Lack {
  readonly found: RegExp
  /** What to say, given the path that the error names. */
  say(path: string): string
}

const LACKS: readonly Lack[] = [
  {
    found: /\bE[MN]FILE\b|too many open files/i,
    say: () => 'too many files are open at once; allow more (ulimit -n) and run again',
  },
  { found: /uv_cwd/, say: () => 'the working folder is not there any more; change to another one and run again' },
  {
    found: /\b(?:ENOSPC|EDQUOT)\b/,
    say: (path) => `${path || 'standard output'}: the disk is full; make room and run again`,
  },
  {
    found: /\bENOMEM\b|Array buffer allocation failed|Cannot allocate memory|ERR_WORKER_OUT_OF_MEMORY|bad_alloc/,
    say: () => 'there is not enough memory; end other programs, or give less at once',
  },
  { found: /\bEROFS\b/, say: (path) => `${path}: the disk is read-only; choose another place` },
  { found: /\bE(?:ACCES|PERM)\b/, say: (path) => `${path}: no permission for it; choose another place` },
  { found: /\bEIO\b/, say: (path) => `${path || 'standard output'}: it cannot be read or written` },
]

/** One line about what is missing, or undefined for errors of another kind. */
export function systemFailure(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code = '', syscall = '', path = '', message } = error as NodeJS.ErrnoException
  const text = `${code} ${syscall} ${message}`
  return LACKS.find(({ found }) => found.test(text))?.say(path)
}
