import { useEffect, useState } from 'react'
import { askJson, said } from '../api/client.ts'
import type { WorldSample } from '../api/types.ts'
import { useAddress } from '../router.tsx'
import type { Picture } from './open-picture.ts'
import { shippedSample } from './shipped.ts'
import { findPicture } from './store.ts'

/** What is asked about: the picture that the address names, and of a sample its question and answer. */
export interface Shown {
  readonly key: string
  /** The number of the sample, or of the one before it. */
  readonly sample: number
  readonly picture?: Picture
  readonly question?: string
  readonly answer?: string
  readonly error?: string
}

const FAR = 'The picture of this link is in the browser that made it; drop yours here, or take a sample.'
const SIDE = 192

async function sampleOf(index: number): Promise<Omit<Shown, 'key' | 'sample'>> {
  const sample = await askJson<WorldSample>(`/fovea/samples/${index}`).catch((error: { code?: string }) => {
    if (error.code === 'package_missing') return shippedSample(index)
    throw error
  })
  const { image: url, question, answer } = sample
  return { picture: { name: `sample ${index}`, url, width: SIDE, height: SIDE }, question, answer }
}

async function find(sample: number, hash: string | null): Promise<Omit<Shown, 'key' | 'sample'>> {
  if (hash === null) return sampleOf(sample)
  const picture = await findPicture(hash)
  return picture ? { picture } : { error: FAR }
}

/** One that shows what falling out of a model means. */
const FIRST = 26

/** The picture of the address: `image=` by its hash, else `sample=` by its number, else that of `first`. */
export function useShown(first = FIRST): Shown {
  const { query } = useAddress()
  const hash = query.get('image')
  const sample = Number(query.get('sample') ?? first) || 0
  const key = hash ?? `sample ${sample}`
  const [shown, setShown] = useState<Shown>({ key, sample })
  useEffect(() => {
    let isWanted = true
    find(sample, hash)
      .catch((error: unknown) => ({ error: said(error) }))
      .then((found) => isWanted && setShown({ key, sample, ...found }))
    return () => {
      isWanted = false
    }
  }, [key, sample, hash])
  return shown.key === key ? shown : { picture: shown.picture, key, sample }
}
