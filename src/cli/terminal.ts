/** Plain text for people: widths, wrapping and tables. */

/** Whether a stream is a terminal that may be redrawn; never with NO_COLOR or TERM=dumb. */
export const isInteractive = (stream: NodeJS.WriteStream): boolean =>
  Boolean(stream.isTTY) && !process.env.NO_COLOR && process.env.TERM !== 'dumb'

/** Columns of the terminal on standard output; 80 where there is none. */
export const terminalWidth = (): number => (process.stdout.isTTY && process.stdout.columns) || 80

/** Writes one line (or several) to standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Writes one line (or several) to standard error, where it does not mix with results. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** The same, where there is something to tell. */
export function tell(line: string | undefined): void {
  if (line) note(line)
}

/** Breaks text at spaces so that no line is longer than `width`, if its words allow; later lines get `indent` spaces. */
export function wrap(text: string, width: number, indent = 0): string {
  const lines: string[] = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const room = width - (lines.length > 1 ? indent : 0)
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= room) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.join(`\n${' '.repeat(indent)}`)
}

/** Rows as columns two spaces apart; columns whose header begins with ">" are aligned to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const titles = header.map((title) => title.replace(/^>/, ''))
  const widths = titles.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at].length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (header[at].startsWith('>') ? cell.padStart(widths[at]) : cell.padEnd(widths[at])))
      .join('  ')
      .trimEnd()
  return [titles, ...rows].map(line).join('\n')
}
