/** One picture of a gallery: the address of its pixels, and what is drawn over it. */
export interface Plate {
  readonly source: string
  /** Boxes in thousandths: that of the object asked about first. */
  readonly boxes?: readonly (readonly number[])[]
  /** A picture of the same size with a colour for every item. */
  readonly mask?: string
}

/** One sample of a gallery. */
export interface GallerySample {
  readonly plates: readonly Plate[]
  readonly sound?: { readonly source: string; readonly wave: readonly number[] }
  readonly lines: readonly { readonly question: string; readonly answer: string }[]
}

export interface GallerySection {
  readonly title: string
  readonly samples: readonly GallerySample[]
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const safe = (text: string): string => text.replace(/[&<>"]/g, (letter) => escapes[letter])

const STYLE = `body{font:14px/1.4 system-ui,sans-serif;margin:2em;max-width:1200px;color:#222}
section{border-top:1px solid #ccc;padding:.5em 0}.samples{display:flex;flex-wrap:wrap;gap:1em}
figure{margin:0;max-width:100%}.strip{display:flex;gap:2px;overflow-x:auto}.plate{position:relative;flex:none}
img{display:block;width:160px;height:160px}.strip.long img{width:96px;height:96px}
.plate svg,.plate .mask{position:absolute;inset:0;width:100%;height:100%}.mask{opacity:0}.plate:hover .mask{opacity:.6}
svg rect{fill:none;stroke:#e6007e;stroke-width:8}.wave{width:320px;height:60px;background:#f4f4f4}
dl{margin:.3em 0;max-width:340px}dt{color:#555}dd{margin:0 0 .3em;font-weight:600}`

function plateHtml({ source, boxes = [], mask }: Plate): string {
  const rects = boxes.map(([left, top, right, bottom]) => {
    const [width, height] = [right - left, bottom - top]
    return `<rect x="${left}" y="${top}" width="${width}" height="${height}"/>`
  })
  const over = rects.length > 0 ? `<svg viewBox="0 0 1000 1000">${rects.join('')}</svg>` : ''
  const seen = mask ? `<img class="mask" src="${mask}" alt="">` : ''
  return `<div class="plate"><img src="${source}" alt="">${seen}${over}</div>`
}

function soundHtml({ source, wave }: NonNullable<GallerySample['sound']>): string {
  const points = wave.map((value, i) => `${(i * 1000) / wave.length},${(100 * (1 - value)).toFixed(1)}`).join(' ')
  const line = `<polyline points="${points}" fill="none" stroke="#333" stroke-width="2"/>`
  return `<svg class="wave" viewBox="0 0 1000 200" preserveAspectRatio="none">${line}</svg><br><audio controls src="${source}"></audio>`
}

function sampleHtml({ plates, sound, lines }: GallerySample): string {
  const long = plates.length > 4 ? ' long' : ''
  const strip = plates.length > 0 ? `<div class="strip${long}">${plates.map(plateHtml).join('')}</div>` : ''
  const said = lines.map(({ question, answer }) => `<dt>${safe(question)}</dt><dd>${safe(answer)}</dd>`).join('')
  return `<figure>${strip}${sound ? soundHtml(sound) : ''}<dl>${said}</dl></figure>`
}

/** A page without scripts that shows samples by section; a mask appears under the pointer. */
export function galleryPage(title: string, sections: readonly GallerySection[]): string {
  const body = sections.map(
    (section) =>
      `<section><h2>${safe(section.title)}</h2><div class="samples">${section.samples.map(sampleHtml).join('')}</div></section>`,
  )
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${safe(title)}</title><style>${STYLE}</style></head><body><h1>${safe(title)}</h1>${body.join('')}</body></html>\n`
}
