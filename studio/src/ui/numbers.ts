/** Numbers as people read them. */

/** `3`, `0.412`, `12.5`, `1.2 M` */
export function short(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e9) return `${digits(value / 1e9)} G`
  if (size >= 1e6) return `${digits(value / 1e6)} M`
  if (size >= 1e4) return `${digits(value / 1e3)} k`
  return digits(value)
}

const digits = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)))

/** With as many digits as mean something. */
export function withUnit(value: number, unit: string): string {
  if (unit === '%') return `${value.toFixed(1)} %`
  if (unit === 'points') return `${value > 0 ? '+' : ''}${value.toFixed(1)} pts`
  if (unit === 'x') return `${value.toFixed(3)} ×`
  return `${short(value)} ${unit}`.trim()
}

export const milliseconds = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`

export const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`
