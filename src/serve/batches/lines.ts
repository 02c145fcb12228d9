/** Lines of a file that may hold anything: found one by one, and no longer ones held in memory than there may be. */

export interface Line {
  /** Counted from 1, blank ones too. */
  readonly number: number
  /** Of its first byte in the file. */
  readonly offset: number
  /** Without what ends it; undefined where there are more than may be. */
  readonly bytes: Uint8Array | undefined
}

const [NEWLINE, SPACE] = [0x0a, 0x20]
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** Neither spaces, tabs nor carriage returns make a line. */
const isBlank = (bytes: Uint8Array): boolean => bytes.every((byte) => byte <= SPACE)

/** The lines that are not blank. A byte order mark before the first is no part of it. */
export async function* linesOf(content: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Line> {
  const line = new Growing(mostBytes)
  for await (const chunk of content) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      line.add(chunk.subarray(start, end))
      if (!line.isEmpty) yield* line.taken()
      line.begin(1)
      start = end + 1
    }
    line.add(chunk.subarray(start))
  }
  yield* line.taken()
}

class Growing {
  private number = 1
  private offset = 0
  private length = 0
  private parts: Uint8Array[] = []

  constructor(private readonly most: number) {}

  get isEmpty(): boolean {
    return this.length === 0
  }

  add(part: Uint8Array): void {
    if (part.length === 0) return
    this.length += part.length
    if (this.length <= this.most) this.parts.push(part)
    else this.parts = []
  }

  *taken(): Generator<Line> {
    const { number, offset, length, most } = this
    const whole = length <= most ? Buffer.concat(this.parts) : undefined
    const isMarked = number === 1 && whole?.subarray(0, 3).equals(BYTE_ORDER_MARK)
    const bytes = isMarked ? whole!.subarray(3) : whole
    if (bytes && isBlank(bytes)) return
    yield { number, offset: isMarked ? offset + 3 : offset, bytes }
  }

  /** @param gap bytes between the line before and this one */
  begin(gap: number): void {
    this.offset += this.length + gap
    this.number++
    this.length = 0
    this.parts = []
  }
}
