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

/** What `typeof` an option must be, or the words that it may be, or what FORMS knows; `any` is looked at elsewhere. */
export type OptionForm =
  | 'string'
  | 'number'
  | 'boolean'
  | 'function'
  | 'object'
  | 'any'
  | keyof typeof FORMS
  | readonly string[]

interface Form {
  readonly words: string
  readonly fits: (value: unknown) => boolean
}

const has = (value: unknown, name: string, type: string): boolean =>
  typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[name] === type

/** Forms that are more than a `typeof`. */
const FORMS = {
  // An entry of the catalogue has a name, too; run as a method it would do nothing.
  method: {
    words: 'what parseMethod gives',
    fits: (value) => has(value, 'name', 'string') && !has(value, 'method', 'function'),
  },
  signal: { words: 'an AbortSignal', fits: (value) => has(value, 'addEventListener', 'function') },
  texts: {
    words: 'a list of texts',
    fits: (value) => Array.isArray(value) && value.every((text) => typeof text === 'string'),
  },
  bytes: { words: 'a Buffer or a Uint8Array', fits: (value) => value instanceof Uint8Array },
  image: {
    words: 'what readImage gives',
    fits: (value) => has(value, 'data', 'object') && has(value, 'width', 'number'),
  },
  video: { words: 'what readVideo gives', fits: (value) => has(value, 'frames', 'object') },
  map: { words: 'a Map', fits: (value) => value instanceof Map },
  tensor: { words: 'a tensor', fits: (value) => has(value, 'shape', 'object') && has(value, 'dtype', 'string') },
} as const satisfies Readonly<Record<string, Form>>

const isNamed = (form: string): form is keyof typeof FORMS => Object.hasOwn(FORMS, form)

/** What a value should have been, in words; nothing where it is. */
function misfit(value: unknown, form: OptionForm): string | undefined {
  if (form === 'any') return undefined
  if (typeof form !== 'string') return form.includes(value as string) ? undefined : `one of ${form.join(', ')}`
  if (isNamed(form)) return FORMS[form].fits(value) ? undefined : FORMS[form].words
  const isRight = form === 'object' ? typeof value === 'object' && value !== null : typeof value === form
  return isRight ? undefined : form === 'object' ? 'an object' : `a ${form}`
}

/**
 * Refuses an argument of a public function that is not of its form.
 * @param of the name of the function
 * @param what the name of the argument
 * @throws FoveaError kind `usage` `argument_invalid`
 */
export function assertArgument(of: string, what: string, value: unknown, form: OptionForm): void {
  const right = misfit(value, form)
  if (right) throw new FoveaError('argument_invalid', 'usage', `${of}: ${what} is ${right}, not ${show(value)}`)
}

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
  if (typeof options !== 'object' || options === null || Array.isArray(options) || ArrayBuffer.isView(options))
    fail('option_invalid', `options are an object, such as { ${Object.keys(forms)[0]}: ... }, not ${kindOf(options)}`)
  for (const [name, value] of Object.entries(options)) {
    const form: OptionForm | undefined = Object.hasOwn(forms, name) ? forms[name as keyof T & string] : undefined
    if (!form) fail('option_unknown', `there is no option ${name}; there are ${Object.keys(forms).join(', ')}`)
    if (value === undefined) continue
    const right = misfit(value, form!)
    if (right) fail('option_invalid', `${name} is ${right}, not ${show(value)}`)
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
