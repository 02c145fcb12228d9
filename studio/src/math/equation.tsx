import { createElement, type ReactNode } from 'react'
import { type MathNode, mathOf } from './latex.ts'

const rendered = ({ tag, attributes = {}, children }: MathNode, key?: number): ReactNode => {
  const { class: className, ...others } = attributes
  const inner = typeof children === 'string' ? [children] : children.map((child, at) => rendered(child, at))
  return createElement(tag, { key, className, ...others }, ...inner)
}

/** Formulas of a line that may stand below each other where it is narrow. */
const piecesOf = (line: string): string[] =>
  line.split(/\\qquad(?:\\quad)?/).map((piece) => piece.trim().replace(/^\\quad/, ''))

/** An equation, a formula a line. */
export function Equation({ latex }: { latex: string }) {
  const lines = latex.trim().split(/\s*\n\s*/)
  return (
    <div className="equation">
      {lines.map((line) => (
        <div key={line} className="formulas">
          {piecesOf(line).map((piece) =>
            createElement('math', { key: piece, display: 'block' }, rendered(mathOf(piece))),
          )}
        </div>
      ))}
    </div>
  )
}
