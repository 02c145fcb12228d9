/** Samples that come with the pages, for servers that cannot draw. */
import type { WorldSample } from '../api/types.ts'

interface Shipped extends Omit<WorldSample, 'image'> {
  readonly file: string
}

export async function shippedSample(index: number): Promise<WorldSample> {
  const all: readonly Shipped[] = await (await fetch('/samples/samples.json')).json()
  const { file, ...said } = all[index % all.length]
  const blob = await (await fetch(`/samples/${file}`)).blob()
  const image = await new Promise<string>((resolve) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.readAsDataURL(blob)
  })
  return { ...said, image }
}
