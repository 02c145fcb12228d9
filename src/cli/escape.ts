/** Characters that move the cursor, colour text, hide it or turn its direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const dangerous = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

const names: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const escapeCharacter = (character: string): string =>
  names[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Text from outside on one line of a terminal: control and direction characters are spelled out. */
export const escapeLine = (text: string): string => text.replace(dangerous, escapeCharacter)

/** The same for text of several lines: line breaks and tabs stay. */
export const escapeText = (text: string): string =>
  text.replace(dangerous, (character) =>
    character === '\n' || character === '\t' ? character : escapeCharacter(character),
  )
