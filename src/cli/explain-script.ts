/** What a page of an explanation looks like, and what it does: a word is chosen, a layer, and the patches are coloured. */
export const EXPLAIN_STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin-top:2rem}.answer{font-size:1.8rem;margin:.2rem 0;color:#00694b}.facts{color:#666}
.words button{font:inherit;border:1px solid #ccc;background:#f6f6f6;color:inherit;border-radius:.4rem;margin:.15rem;padding:.1rem .45rem;cursor:pointer}
.words .said{border-color:#00694b}.words [aria-pressed=true]{background:#222;color:#fff}
.pictures{display:flex;flex-wrap:wrap;gap:1rem}.pictures svg{width:min(100%,34rem);image-rendering:pixelated}.pictures rect{fill:#f60;fill-opacity:0}
table{border-collapse:collapse}td,th{padding:.15rem .6rem;text-align:left;border-bottom:1px solid #eee}td.said{font-weight:600}small{color:#666;font-weight:400}
#curve{max-width:100%;height:auto}#curve text{font-size:12px;fill:#666}#curve path{fill:none;stroke:#bbb;stroke-width:1.2}#curve path.on{stroke:#d40;stroke-width:2.5}`

export const EXPLAIN_SCRIPT = `
const bytesOf = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))
const chips = [...document.querySelectorAll('[data-word]')]
const patches = [...document.querySelectorAll('[data-token]')]
const slider = document.getElementById('layer')
let word = DATA.word
function drawCurve() {
  const count = DATA.layers.length
  const x = (at) => 40 + (count > 1 ? (580 * at) / (count - 1) : 290)
  const y = (share) => 170 - 150 * share
  const lines = chips.map((_, own) => {
    const points = DATA.shares.map((row, at) => x(at) + ',' + y(row[own]))
    return '<path' + (own === word ? ' class="on"' : '') + ' d="M' + points.join('L') + '"/>'
  })
  const order = [...lines.keys()].sort((a, b) => (a === word) - (b === word)).map((own) => lines[own])
  const marks = [0, 0.5, 1].map((share) => '<text x="0" y="' + (y(share) + 4) + '">' + 100 * share + ' %</text>')
  const names = DATA.layers.map((layer, at) => (count > 16 && at % 4 ? '' : '<text x="' + (x(at) - 4) + '" y="192">' + (layer + 1) + '</text>'))
  document.getElementById('curve').innerHTML = order.join('') + marks.join('') + names.join('')
}
function show() {
  const isAttention = document.querySelector('[name=what]:checked').value === 'attention'
  const values = bytesOf(isAttention ? DATA.attention[slider.value][word] : DATA.relevance)
  for (const patch of patches) patch.style.fillOpacity = (0.85 * values[patch.dataset.token]) / 255
  const share = (100 * DATA.shares[slider.value][word]).toFixed(1) + ' % of it on the pictures'
  document.getElementById('shown').textContent = DATA.layers[slider.value] + 1 + ': ' + share
  chips.forEach((chip, at) => chip.setAttribute('aria-pressed', String(isAttention && at === word)))
  drawCurve()
}
chips.forEach((chip, at) => chip.addEventListener('click', () => { word = at; document.querySelector('[value=attention]').checked = true; show() }))
slider.addEventListener('input', () => { document.querySelector('[value=attention]').checked = true; show() })
document.querySelectorAll('[name=what]').forEach((choice) => choice.addEventListener('change', show))
show()
`
