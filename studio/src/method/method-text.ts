/** Methods as text, `fastv:layer=2,keep=.25`, as the command line and the address have them. */

export interface MethodText {
  readonly id: string
  readonly given: Readonly<Record<string, string>>
}

export function parseMethodText(text: string): MethodText {
  const [id, ...rest] = text.split(':')
  const pairs = rest.join(':').split(',').filter(Boolean)
  const given = pairs.map((pair) => {
    const [name, ...value] = pair.split('=')
    return [name, value.length > 0 ? value.join('=') : 'true'] as const
  })
  return { id, given: Object.fromEntries(given) }
}

/** Without options that are as they are by default. */
export function formatMethodText({ id, given }: MethodText, defaults: Readonly<Record<string, unknown>> = {}): string {
  const pairs = Object.entries(given).filter(([name, value]) => value !== '' && value !== String(defaults[name] ?? ''))
  return [id, pairs.map(([name, value]) => `${name}=${value}`).join(',')].filter(Boolean).join(':')
}
