const escapes: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' }

/** Text that may stand in HTML and SVG, between tags and in quoted attributes. */
export const escapeMarkup = (text: string): string => text.replace(/[<>&"]/g, (character) => escapes[character])
