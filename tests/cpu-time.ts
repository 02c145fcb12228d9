/** Milliseconds of processor time that `work` takes; unlike wall time it does not grow when other processes run. */
export async function cpuTime(work: () => unknown): Promise<number> {
  const start = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}
