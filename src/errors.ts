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
