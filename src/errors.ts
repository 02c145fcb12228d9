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

/** What `typeof` an option must be, or the words that it may be; `any` is looked at elsewhere. */
export type OptionForm = 'string' | 'number' | 'boolean' | 'function' | 'object' | 'any' | 'method' | readonly string[]

/** Forms that have more to say than their `typeof`. */
const FORM_WORDS: Readonly<Record<string, string>> = { object: 'an object', method: 'what parseMethod gives' }
const TYPES: Readonly<Record<string, string>> = { method: 'object' }

/**
 * Refuses options that a public function does not have, and values of the wrong type; `undefined` is as good as none.
 * @param of the name of the function
 * @throws FoveaError kind `usage` `option_unknown`, `option_invalid`
 */
export function assertOptions<T extends object>(
  of: string,
  options: T,
  forms: Readonly<Record<keyof T & string, OptionForm>>,
): void {
  const fail = (code: string, problem: string): never => {
    throw new FoveaError(code, 'usage', `${of}: ${problem}`)
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    fail('option_invalid', `options are an object, such as { ${Object.keys(forms)[0]}: ... }, not ${kindOf(options)}`)
  for (const [name, value] of Object.entries(options)) {
    const form: OptionForm | undefined = Object.hasOwn(forms, name) ? forms[name as keyof T & string] : undefined
    if (!form) fail('option_unknown', `there is no option ${name}; there are ${Object.keys(forms).join(', ')}`)
    if (value === undefined) continue
    if (typeof form !== 'string' && !form!.includes(value))
      fail('option_invalid', `${name} is one of ${form!.join(', ')}, not ${show(value)}`)
    if (typeof form === 'string' && form !== 'any' && (typeof value !== (TYPES[form] ?? form) || value === null))
      fail('option_invalid', `${name} is ${FORM_WORDS[form] ?? `a ${form}`}, not ${show(value)}`)
  }
}

const show = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : kindOf(value))

/** What a value is, in messages: `a number`, `an Array`, `null`. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  const name = typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value
  return `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`
}

/** For whatever is asked of a model after its `dispose()`. */
export const disposedError = (what: string): FoveaError =>
  new FoveaError('model_disposed', 'usage', `this ${what} was disposed; load it anew`)
