/** Runs of `round`, which is told how many there were before it: one at least, no further one after so many seconds. */
export async function rounds({ repeat, seconds }, round) {
  const end = performance.now() + 1000 * seconds
  const found = []
  do found.push(await round(found.length))
  while (found.length < repeat && performance.now() < end)
  return found
}
