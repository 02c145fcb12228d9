/** Text in a cell of a table. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ')

/** Rows of a Markdown table under a header whose titles end in ":" where they are aligned to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const titles = header.map((title) => title.replace(/:$/, ''))
  const rules = header.map((title) => (title.endsWith(':') ? '--:' : '---'))
  return [titles, rules, ...rows.map((cells) => cells.map(cell))].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

export const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n')

export const fenced = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``

/** Lines of LaTeX, a formula each, as GitHub shows them: below each other, from the left. */
export function math(equation: string): string {
  const lines = equation
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  return fenced(
    'math',
    ['\\begin{aligned}', lines.map((line) => `& ${line}`).join(' \\\\\n'), '\\end{aligned}'].join('\n'),
  )
}
