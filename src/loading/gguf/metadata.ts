/** What the metadata of a GGUF file says, by key and type. */
import type { GgufFile, GgufValue } from '../../checkpoints/gguf.ts'
import { FoveaError } from '../../errors.ts'

/** The head of a file. */
export type GgufHead = Pick<GgufFile, 'path' | 'metadata' | 'tensors'>

export const ggufError = ({ path }: Pick<GgufHead, 'path'>, message: string): FoveaError =>
  new FoveaError('checkpoint_invalid', 'input', `${path}: ${message}`)

/** What is there but cannot be read. */
export const unreadGguf = ({ path }: Pick<GgufHead, 'path'>, message: string): FoveaError =>
  new FoveaError('checkpoint_format', 'input', `${path}: ${message}`)

const show = (value: GgufValue | undefined): string =>
  Array.isArray(value) ? 'a list' : value === undefined ? 'missing' : JSON.stringify(String(value).slice(0, 60))

/** Values of 32 bits are decimal fractions of their authors, written with seven digits. */
const decimal = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(7)))

/** A number, or undefined where there is none. Throws FoveaError `checkpoint_invalid` naming the key. */
export function numberAt(head: GgufHead, key: string): number | undefined {
  const value = head.metadata.get(key)
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isFinite(value)) return decimal(value)
  throw ggufError(head, `${key} must be one number, it is ${show(value)}`)
}

/** A number that must be there. */
export function requiredAt(head: GgufHead, key: string): number {
  const value = numberAt(head, key)
  if (value !== undefined) return value
  throw ggufError(head, `${key} is missing`)
}

export function numbersAt(head: GgufHead, key: string, count: number): number[] | undefined {
  const value = head.metadata.get(key)
  if (value === undefined) return undefined
  const isRight = Array.isArray(value) && value.length >= count && value.every((each) => Number.isFinite(each))
  if (isRight) return (value as number[]).slice(0, count).map(decimal)
  throw ggufError(head, `${key} must be ${count} numbers, it is ${show(value)}`)
}

/** A list of yes and no; empty where there is none. */
export function flagsAt(head: GgufHead, key: string): boolean[] {
  const value = head.metadata.get(key) ?? []
  if (Array.isArray(value) && value.every((each) => typeof each === 'boolean')) return value as boolean[]
  throw ggufError(head, `${key} must be a list of true and false, it is ${show(value)}`)
}

export function textAt(head: GgufHead, key: string): string | undefined {
  const value = head.metadata.get(key)
  if (value === undefined || typeof value === 'string') return value
  throw ggufError(head, `${key} must be text, it is ${show(value)}`)
}

export const isSet = (head: GgufHead, key: string): boolean => head.metadata.get(key) === true

/** Sizes of a tensor that must be there, outermost first. */
export function shapeAt(head: GgufHead, name: string, dimensions: number): readonly number[] {
  const tensor = head.tensors.get(name)
  if (!tensor) throw ggufError(head, `it lacks the tensor "${name}"`)
  if (tensor.shape.length === dimensions) return tensor.shape
  throw ggufError(head, `the tensor "${name}" has the shape [${tensor.shape}], and needs ${dimensions} dimensions`)
}
