/** An error with a stable code, shown to users as one line. Exit codes: usage 2, input 3, network 4, resource 5. */
export class FoveaError extends Error {
  constructor(
    readonly code: string,
    readonly kind: 'usage' | 'input' | 'network' | 'resource',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'FoveaError'
  }
}

/**
 * For the `catch` of an import of packages that are installed only where they are needed.
 * @param purpose what they are needed for, as in "reading videos"
 * @throws FoveaError kind `resource` `package_missing`, which names all of them; any other error as it is
 */
export const whereMissing =
  (purpose: string, ...packages: readonly string[]) =>
  (error: unknown): never => {
    const { code = '', message = '' } = error as { code?: string; message?: string }
    const isAbout = packages.some((name) => message.includes(`'${name}`))
    if (!/^(ERR_)?MODULE_NOT_FOUND$/.test(code) || !isAbout) throw error
    const command = `npm install ${packages.join(' ')}`
    const text = `${purpose} needs ${packages.join(' and ')}, which Fovea does not install by itself: ${command}`
    throw new FoveaError('package_missing', 'resource', text, { cause: error })
  }
