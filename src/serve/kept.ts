/** What a function gives, asked again after so many milliseconds at the earliest; a failure is not kept. */
export function kept<T>(milliseconds: number, make: () => Promise<T>): () => Promise<T> {
  let held: { readonly value: Promise<T>; readonly until: number } | undefined
  return () => {
    if (held && performance.now() < held.until) return held.value
    const value = make()
    held = { value, until: performance.now() + milliseconds }
    value.catch(() => {
      held = undefined
    })
    return value
  }
}
