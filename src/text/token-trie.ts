/** A set of words, to be found at a place of a text. */

interface Node {
  readonly next: Map<string, Node>
  isEnd: boolean
}

const node = (): Node => ({ next: new Map(), isEnd: false })

/** Words by their UTF-16 code units; looking one up takes as many steps as it has letters. */
export class TokenTrie {
  private readonly root = node()

  constructor(words: Iterable<string>) {
    for (const word of words) if (word) this.add(word)
  }

  /** Lengths of the words that begin at a place, longest first. */
  lengthsAt(text: string, place: number): number[] {
    const found: number[] = []
    let at = this.root.next.get(text[place])
    for (let end = place + 1; at; end++) {
      if (at.isEnd) found.unshift(end - place)
      at = at.next.get(text[end])
    }
    return found
  }

  /** Whether a word begins at a place. */
  beginsAt(text: string, place: number): boolean {
    let at = this.root.next.get(text[place])
    for (let end = place + 1; at; end++) {
      if (at.isEnd) return true
      at = at.next.get(text[end])
    }
    return false
  }

  /** Whether all that follows a place, which is at least one letter, begins a word and is not the whole of it. */
  endsWithin(text: string, place: number): boolean {
    let at: Node | undefined = this.root
    for (let end = place; at && end < text.length; end++) at = at.next.get(text[end])
    return at !== undefined && at !== this.root && at.next.size > 0
  }

  private add(word: string): void {
    let at = this.root
    for (let index = 0; index < word.length; index++) {
      const found = at.next.get(word[index]) ?? node()
      at.next.set(word[index], found)
      at = found
    }
    at.isEnd = true
  }
}
