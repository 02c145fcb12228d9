import type { Architecture } from '../../models/family.ts'
import type { LanguageProgram } from '../flow/language-program.ts'
import type { Method } from '../method/method.ts'
import type { EncodedImage } from '../parts.ts'
import type { Cache } from './cache.ts'

/** A cache that nobody uses, and what was read into it. */
export interface Prefix {
  readonly cache: Cache
  readonly images: readonly EncodedImage[]
  readonly lastKept: readonly number[]
  readonly visualRows?: readonly number[]
}

/**
 * Whether the keys and values of how a prompt begins are the same whatever follows. They are not where the question decides
 * what is left of pictures, or where a prompt is looked at as a whole.
 */
export const sharesPrefixes = (method: Method, { vision, language }: Architecture): boolean =>
  !method.read &&
  !method.needs?.question &&
  !method.needs?.prompt &&
  vision.question === undefined &&
  language.answerStart === undefined &&
  !language.seesAhead

/** Keys and values of prompts of late, for others that begin alike; those that were not used for longest go first. */
export class Prefixes {
  /** The oldest first. */
  private readonly kept: Prefix[] = []

  /** @param mostBytes of keys and values, all of them together */
  constructor(private readonly mostBytes: number) {}

  /** Takes out the one that shares most with a prompt about the same pictures, read by the same program. */
  take(program: LanguageProgram, ids: readonly number[], images: readonly EncodedImage[]): Prefix | undefined {
    const fitting = this.kept.filter(({ cache, ...each }) => cache.program === program && isSame(each.images, images))
    const shared = fitting.map(({ cache }) => cache.shared(ids))
    const most = Math.max(0, ...shared)
    if (most === 0) return undefined
    const found = fitting[shared.lastIndexOf(most)]
    this.kept.splice(this.kept.indexOf(found), 1)
    return found
  }

  /** Keeps one as the newest, or closes it where it is larger than all may be. */
  async keep(prefix: Prefix): Promise<void> {
    this.kept.push(prefix)
    while (this.bytes > this.mostBytes) await this.kept.shift()!.cache.close()
  }

  get bytes(): number {
    return this.kept.reduce((sum, { cache }) => sum + cache.bytes, 0)
  }

  /** Forgets all without freeing them, for when the engine ends. */
  clear(): void {
    this.kept.length = 0
  }
}

/** By what the language model was given: what is encoded once has the same views. */
const isSame = (a: readonly EncodedImage[], b: readonly EncodedImage[]): boolean =>
  a.length === b.length && a.every(({ views }, at) => views === b[at].views)
