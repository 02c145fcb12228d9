/** A model on the hub, as people write it: `org/name` or `org/name@revision`. */
import { FoveaError, kindOf } from '../errors.ts'

export interface ModelReference {
  /** `org/name` */
  readonly id: string
  /** A branch, a tag or a commit. */
  readonly revision: string
}

export const DEFAULT_REVISION = 'main'

/** As the hub names repositories: no double hyphens or dots, since the cache and git give them a meaning. */
const PART = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?$/
const REVISION = /^[A-Za-z0-9_][A-Za-z0-9._/+-]{0,199}$/

const isPart = (text: string): boolean => PART.test(text) && !/--|\.\./.test(text)
const isRevision = (text: string): boolean => REVISION.test(text) && !/\.\.|\/\/|\/$/.test(text)

/** The reference that a text is, or undefined where it cannot be one. `revision` is used where the text names none. */
export function parseReference(text: string, revision = DEFAULT_REVISION): ModelReference | undefined {
  const [id, ...rest] = text.split('@')
  const parts = id.split('/')
  const named = rest.length > 0 ? rest.join('@') : revision
  return parts.length === 2 && parts.every(isPart) && isRevision(named) ? { id, revision: named } : undefined
}

/** The same for a text that must be one. Throws FoveaError `model_name_invalid`. */
export function requireReference(text: string, revision?: string): ModelReference {
  if (typeof text !== 'string')
    throw new FoveaError('model_name_invalid', 'usage', `a model of the hub is org/name, not ${kindOf(text)}`)
  const reference = parseReference(text, revision)
  if (reference) return reference
  const message = `${JSON.stringify(text)} is no model of the hub; write org/name or org/name@revision`
  throw new FoveaError('model_name_invalid', 'usage', message)
}

/** Whether a revision is a commit, which never changes. */
export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision)

/** `org/name`, with the revision where it is not the usual one. */
export const formatReference = ({ id, revision }: ModelReference): string =>
  revision === DEFAULT_REVISION ? id : `${id}@${revision}`
