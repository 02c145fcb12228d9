/** The adapters of a model on disk: in its own folder under `methods/<id>`, or where a method names them. */
import { join } from 'node:path'
import { ADAPTER_WEIGHTS, type AdapterCard, openAdapter, readAdapterCard } from '../checkpoints/adapter-folder.ts'
import { FoveaError } from '../errors.ts'
import { parseReference } from '../hub/reference.ts'
import type { Adapter, AdapterSource } from '../pipeline/method/adapter.ts'
import { cacheFolder, cacheKey } from '../quantization/node-cache.ts'
import { type AdapterBase, foldersNamed } from './node-adapter-base.ts'
import { peftAdapter } from './node-peft.ts'

/** Where the adapter of a method lies in the folder of its model. */
export const adapterFolder = (model: string, id: string): string => join(model, 'methods', id)

/** Finds adapters for a model on this machine. A folder that did not change is not opened again. */
export function nodeAdapters(base: AdapterBase): AdapterSource {
  const opened = new Map<string, { hash: string; adapter: Promise<Adapter> }>()
  let known: Promise<string> | undefined
  const identity = () => {
    known ??= identityOf(base)
    return known
  }
  const open = (folder: string, card: AdapterCard): Promise<Adapter> => {
    const before = opened.get(folder)
    if (before?.hash === card.sha256) return before.adapter
    const adapter = adapterOf(folder, card)
    opened.set(folder, { hash: card.sha256, adapter })
    adapter.catch(() => opened.delete(folder))
    return adapter
  }
  return {
    identity,
    find: async ({ id, weights }) => {
      const peft = weights === undefined ? undefined : await peftAdapter(weights, id, base)
      if (peft) return peft
      const found = weights === undefined ? await inModel(base.folder, id) : await named(weights, id)
      if (!found) return undefined
      const { folder, card } = found
      if (card.id !== id) throw mismatch(`${folder}: these are weights of ${card.id}, not of ${id}`)
      if (card.base !== (await identity())) throw foreign(folder, base.name, id)
      return open(folder, card)
    },
  }
}

const identityOf = ({ files, config }: AdapterBase): Promise<string> =>
  cacheKey([...files].sort(), ['base of adapters', JSON.stringify(config)], cacheFolder())

interface Found {
  readonly folder: string
  readonly card: AdapterCard
}

async function inModel(model: string, id: string): Promise<Found | undefined> {
  const folder = adapterFolder(model, id)
  const card = await readAdapterCard(folder)
  return card && { folder, card }
}

/** The folder of an adapter, a model folder that has it, or a model of the hub that is in the cache. */
async function named(weights: string, id: string): Promise<Found> {
  for (const folder of await foldersNamed(weights)) {
    const within = await inModel(folder, id)
    if (within) return within
  }
  const card = await readAdapterCard(weights)
  if (card) return { folder: weights, card }
  const advice = parseReference(weights)
    ? `fetch it: fovea models pull ${weights}`
    : 'name a folder that holds adapter.json'
  throw new FoveaError('adapter_missing', 'input', `${weights}: there are no weights of ${id}; ${advice}`)
}

async function adapterOf(folder: string, card: AdapterCard): Promise<Adapter> {
  const { entries, bytes } = await openAdapter(folder, card)
  return { name: folder, entries, files: { [ADAPTER_WEIGHTS]: bytes }, hash: card.sha256, options: card.options }
}

const mismatch = (message: string): FoveaError => new FoveaError('adapter_mismatch', 'input', message)

const foreign = (folder: string, model: string, id: string): FoveaError => {
  const message = `${folder}: these weights were trained on another model than ${model}; train them for it: fovea train ${id}`
  return new FoveaError('adapter_foreign', 'input', message)
}
