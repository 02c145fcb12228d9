import { describe, expect, it } from 'vitest'
import { after, canSolve, parseDispatch } from '../../../../src/papers/agent/proreason/parse.ts'

const exact = `{
'Thought': 'I need the number',
'EXPERT': 'Vision Expert',
'Question': 'How many cats are there?'
}`
const cats = { expert: 'vision', question: 'How many cats are there?' }

describe('what a dispatcher says', () => {
  it('in the exact form is read by both parsers', () => {
    expect(parseDispatch(exact, 'strict')).toEqual(cats)
    expect(parseDispatch(exact, 'tolerant')).toEqual(cats)
  })

  it.each([
    ['JSON', '{"Thought": "so", "EXPERT": "Vision Expert", "Question": "How many cats are there?"}'],
    ['JSON among words', 'Sure! {"thought":"","expert":"vision","question":"How many cats are there?"} Good luck.'],
    ['one line', "{'Thought': 'so', 'EXPERT': 'Vision Expert', 'Question': 'How many cats are there?'}"],
    ['a comma at the end', exact.replace("there?'", "there?',")],
    ['no braces', 'Expert: Vision Expert\nQuestion: How many cats are there?'],
    ['bold names', '**EXPERT**: Vision Expert\n**Question**: How many cats are there?'],
  ])('as %s is read by the tolerant one', (_, reply) => {
    expect(parseDispatch(reply, 'tolerant')).toEqual(cats)
  })

  it.each([
    ['one line', "{'Thought': 'so', 'EXPERT': 'Vision Expert', 'Question': 'How many cats are there?'}"],
    ['double quotes', exact.replaceAll("'", '"')],
    ['another name', exact.replace('Vision Expert', 'The Vision Expert')],
  ])('as %s is not read by the strict one', (_, reply) => {
    expect(parseDispatch(reply, 'strict')).toBeUndefined()
  })

  it('says nothing where it names no expert, an unknown one, or no question', () => {
    for (const reply of ['', 'yes', '{}', 'Question: why?', 'EXPERT: Cook\nQuestion: why?', 'EXPERT: Vision Expert'])
      expect(parseDispatch(reply, 'tolerant')).toBeUndefined()
  })
})

it('a verdict is exact, or as it is meant', () => {
  for (const parser of ['strict', 'tolerant'] as const) {
    expect(canSolve('It suffices. Answer: CAN_SOLVE', parser)).toBe(true)
    expect(canSolve('No. Answer: UNSOLVABLE', parser)).toBe(false)
    expect(canSolve('it can be solved', parser)).toBe(false)
  }
  for (const verdict of ['Answer:CAN_SOLVE', "Answer: 'CAN_SOLVE'", 'answer: can solve']) {
    expect(canSolve(verdict, 'tolerant')).toBe(true)
    expect(canSolve(verdict, 'strict')).toBe(false)
  }
})

it('after a marker comes the rest; without it the whole text stays', () => {
  expect(after('Final Answer:', 'so ... Final Answer: 4 \n')).toBe('4')
  expect(after('Final Answer:', 'twelve letters and more')).toBe('twelve letters and more')
})
