/** The LaTeX of the catalogue's equations as MathML, which browsers draw themselves. */

/** An element of MathML; its attributes, and its children or text. */
export interface MathNode {
  readonly tag: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly children: readonly MathNode[] | string
}

const SYMBOLS: Readonly<Record<string, string>> = {
  alpha: 'α', beta: 'β', gamma: 'γ', delta: 'δ', theta: 'θ', kappa: 'κ', lambda: 'λ', mu: 'μ', pi: 'π', rho: 'ρ', sigma: 'σ', tau: 'τ', phi: 'φ', ell: 'ℓ',
  to: '→', leftarrow: '←', ge: '≥', le: '≤', ne: '≠', in: '∈', cdot: '·', odot: '⊙', top: '⊤', ldots: '…', lVert: '‖', rVert: '‖',
  Vert: '‖', langle: '⟨', rangle: '⟩', lfloor: '⌊', rfloor: '⌋', lceil: '⌈', rceil: '⌉', times: '×', cup: '∪', oplus: '⊕', sim: '∼', mid: '∣', infty: '∞', '{': '{', '}': '}', '#': '#', _: '_',
} // biome-ignore format: a table
const LIMITS: Readonly<Record<string, string>> = { sum: '∑', prod: '∏', max: 'max', min: 'min' }
const FUNCTIONS = ['arg', 'cos', 'ln', 'exp', 'log', 'det', 'tanh']
const SPACES: Readonly<Record<string, string>> = {
  ',': '.17em',
  ':': '.22em',
  ' ': '.3em',
  '!': '0',
  quad: '1em',
  qquad: '2em',
}
const ACCENTS: Readonly<Record<string, string>> = { bar: '‾', hat: '^', tilde: '~' }
const FONTS: Readonly<Record<string, string>> = {
  text: 'words',
  texttt: 'code',
  mathrm: 'upright',
  operatorname: 'upright',
  mathbf: 'bold',
}
/** They say how large something is drawn, which is left to the browser. */
const SIZES = ['left', 'right', 'big', 'Big', 'bigl', 'bigr', 'Bigl', 'Bigr', 'textstyle']

const node = (tag: string, children: MathNode['children'], attributes?: MathNode['attributes']): MathNode => ({
  tag,
  children,
  ...(attributes && { attributes }),
})
const row = (children: readonly MathNode[]): MathNode => (children.length === 1 ? children[0] : node('mrow', children))
const operator = (text: string): MathNode => node('mo', text, { stretchy: 'false' })

/** Throws Error for what is not known here. */
export function mathOf(latex: string): MathNode {
  const tokens = latex.match(/\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\S|\s+/gs) ?? []
  return row(new Parser(tokens).list())
}

class Parser {
  private at = 0

  constructor(private readonly tokens: readonly string[]) {}

  /** Up to one of some tokens, which is passed over, or to the end. */
  list(...ends: readonly string[]): MathNode[] {
    const found: MathNode[] = []
    while (this.at < this.tokens.length) {
      const token = this.tokens[this.at]
      if (ends.includes(token)) {
        this.at++
        return found
      }
      const atom = this.atom()
      if (atom) found.push(this.scripted(atom))
    }
    return found
  }

  /** With what stands below and above it. */
  private scripted(base: MathNode): MathNode {
    let below: MathNode | undefined
    let above: MathNode[] = []
    for (;;) {
      const token = this.tokens[this.at]
      if (token === '_') below = this.argument(1)
      else if (token === '^') above = [...above, this.argument(1)]
      else if (token === "'") {
        this.at++
        above = [...above, operator('′')]
      } else break
    }
    const hasLimits = base.attributes?.movablelimits === 'true'
    if (below && hasLimits && above.length === 0) return node('munder', [base, below])
    if (below && above.length > 0) return node('msubsup', [base, below, row(above)])
    if (below) return node('msub', [base, below])
    return above.length > 0 ? node('msup', [base, row(above)]) : base
  }

  /** What follows, in braces or one token; after passing over some. */
  private argument(skip = 0): MathNode {
    this.at += skip
    this.space()
    if (this.tokens[this.at] !== '{') return this.atom() ?? row([])
    this.at++
    return row(this.list('}'))
  }

  private space(): void {
    while (/^\s/.test(this.tokens[this.at] ?? '')) this.at++
  }

  private atom(): MathNode | undefined {
    const token = this.tokens[this.at++]
    if (token === undefined || /^\s/.test(token)) return undefined
    if (token === '{') return row(this.list('}'))
    if (token.startsWith('\\')) return this.command(token.slice(1))
    if (/^\d/.test(token)) return node('mn', token)
    return /[A-Za-z]/.test(token) ? node('mi', token) : operator(token === '-' ? '−' : token)
  }

  private command(name: string): MathNode | undefined {
    if (SIZES.includes(name)) return undefined
    if (name in SPACES) return node('mspace', [], { width: SPACES[name] })
    if (name in SYMBOLS) return /[α-ωℓ]/.test(SYMBOLS[name]) ? node('mi', SYMBOLS[name]) : operator(SYMBOLS[name])
    if (name in LIMITS) return node('mo', LIMITS[name], { movablelimits: 'true' })
    if (FUNCTIONS.includes(name)) return node('mo', name)
    if (name in FONTS) return this.words(FONTS[name])
    if (name === 'frac' || name === 'tfrac') return node('mfrac', [this.argument(), this.argument()])
    if (name === 'sqrt') return node('msqrt', [this.argument()])
    if (name in ACCENTS) return node('mover', [this.argument(), operator(ACCENTS[name])], { accent: 'true' })
    if (name === 'begin') return this.cases()
    throw new Error(`\\${name} is not known`)
  }

  /** Letters that stand as they are. */
  private words(className: string): MathNode {
    this.at++
    let text = ''
    while (this.at < this.tokens.length && this.tokens[this.at] !== '}') text += this.tokens[this.at++]
    this.at++
    return node('mtext', text.replace(/\s+/g, '\u00a0'), { class: className })
  }

  private cases(): MathNode {
    this.words('')
    const rows: MathNode[] = []
    for (;;) {
      const cells: MathNode[] = []
      let end: string
      do {
        const cell = this.list('&', '\\\\', '\\end')
        end = this.tokens[this.at - 1]
        cells.push(node('mtd', cell))
      } while (end === '&')
      rows.push(node('mtr', cells))
      if (end !== '\\\\') break
    }
    this.words('')
    return node('mrow', [node('mo', '{', { stretchy: 'true' }), node('mtable', rows)])
  }
}
