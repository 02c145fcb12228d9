import { describe, expect, it } from 'vitest'
import type { Form } from '../../../src/text/forms/form.ts'
import { jsonObject, schemaForm } from '../../../src/text/forms/json-schema.ts'
import { Machine } from '../../../src/text/forms/machine.ts'
import { regexForm } from '../../../src/text/forms/regex.ts'
import { TokenForm, tokenTexts } from '../../../src/text/forms/token-form.ts'
import { loadTokenizer } from '../../../src/text/load-tokenizer.ts'

function matches(form: Form, text: string): boolean {
  const machine = new Machine(form)
  let state = machine.start()
  for (const char of text) state = machine.step(state, char.codePointAt(0)!)
  return state.isWhole
}

describe('a regular expression', () => {
  const cases = [
    'a+b?c*',
    '(red|green) [0-9]{2,3}',
    '[^a-z]\\d\\w\\s?',
    'a.c',
    '(?:ab){2}',
    '\\u0041|\\x42',
    '^x$',
    'é+|日本',
  ]
  const texts = [
    'a',
    'abc',
    'aac',
    'red 12',
    'green 1234',
    '-1_',
    '-1a ',
    'a\nc',
    'abab',
    'ababab',
    'A',
    'B',
    'x',
    'xx',
    'éé',
    '日本',
    '',
  ]

  it.each(cases)('%s matches what RegExp matches', (source) => {
    const form = regexForm(source)
    for (const text of texts)
      expect([text, matches(form, text)]).toEqual([text, new RegExp(`^(?:${source})$`, 'u').test(text)])
  })

  it('takes no longer for what makes others go back and forth', () => {
    const started = performance.now()
    expect(matches(regexForm('(a+)+b'), `${'a'.repeat(20_000)}c`)).toBe(false)
    expect(matches(regexForm('a{1,1000000}'), 'aaa')).toBe(true)
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  it.each(['(', 'a)', '[a', '*', '(?=a)', '\\1', 'a{3,2}', 'a{1000000000}', '[z-a]', '\\', 'a$b', '('.repeat(60_000)])(
    'is refused at its place: %.20s',
    (source) => {
      expect(() => regexForm(source)).toThrow(/^the regular expression cannot be followed at \d+: /)
    },
  )
})

describe('a JSON schema', () => {
  const person = {
    type: 'object',
    properties: {
      name: { type: 'string', pattern: '^[a-z]+$' },
      age: { type: 'integer', minimum: 0 },
      tags: { type: 'array', items: { enum: ['a', 'b'] }, maxItems: 2 },
      next: { anyOf: [{ $ref: '#' }, { type: 'null' }] },
    },
    required: ['name', 'next'],
    additionalProperties: false,
  }

  it('allows its values and no others', () => {
    const form = schemaForm(person)
    expect(matches(form, '{"name":"al","next":null}')).toBe(true)
    expect(matches(form, '{"name": "al", "age": 3, "tags": ["a", "b"], "next": {"name":"bo","next":null}}')).toBe(true)
    expect(matches(form, '{"name":"al"}')).toBe(false)
    expect(matches(form, '{"name":"Al","next":null}')).toBe(false)
    expect(matches(form, '{"name":"al","age":-1,"next":null}')).toBe(false)
    expect(matches(form, '{"name":"al","tags":["a","b","a"],"next":null}')).toBe(false)
    expect(matches(form, '{"next":null,"name":"al"}')).toBe(false)
  })

  it('allows what JSON.stringify writes', () => {
    const values = [{ a: [1, -2.5, 1e21, true, null, 'ü"\\\n\u0001', {}, []] }, {}, { b: { c: 'd' } }]
    for (const value of values) expect(matches(jsonObject, JSON.stringify(value))).toBe(true)
    for (const text of ['', '{', '[]', '{"a":}', '{"a":01}', '{a:1}', '{"a":1,}'])
      expect(matches(jsonObject, text)).toBe(false)
  })

  it.each([
    [{ type: 'number', multipleOf: 2 }, 'multipleOf'],
    [{ type: 'integer', maximum: 7 }, 'maximum'],
    [{ type: 'thing' }, 'thing'],
    [{ $ref: '#/$defs/none' }, 'names nothing'],
    [{ type: 'object', properties: { a: 3 } }, '#/properties/a'],
  ])('refuses what cannot be kept: %j', (schema, problem) => {
    expect(() => schemaForm(schema)).toThrow(problem)
  })

  it('refuses what is deep, and what no text has', () => {
    let deep: object = { type: 'string' }
    for (let at = 0; at < 10_000; at++) deep = { type: 'array', items: deep }
    expect(() => schemaForm(deep)).toThrow('64 levels')
    expect(() => new Machine(schemaForm({ $ref: '#' })).start()).toThrow('no text has the form')
  })
})

describe('the tokens of an answer', () => {
  it('are those that lead on, and end with the form', async () => {
    const tokenizer = await loadTokenizer('models/fovea-mini')
    const eos = tokenizer.tokenToId('<eos>')!
    const form = new TokenForm(regexForm('(what|who) is[?!]*'), tokenTexts(tokenizer), [eos])
    const answer = form.answer()
    const may = (said: readonly number[]) => {
      const allowed = answer(said)
      if (typeof allowed !== 'function') return allowed
      return Array.from({ length: tokenizer.vocabSize }, (_, id) => id).filter(allowed)
    }
    const first = may([]) as number[]
    expect(first.map((id) => tokenizer.decode([id])).sort()).toEqual(
      ['w', 'wh', 'what', 'who'].filter((text) => tokenizer.encode(text).length === 1 || text.length === 1),
    )
    const said = tokenizer.encode('what is')
    for (let at = 1; at <= said.length; at++) may(said.slice(0, at))
    const marks = ['?', '!'].map((mark) => tokenizer.encode(mark)[0])
    expect(may(said)).toEqual([eos, ...marks].sort((a, b) => a - b))
    const exact = new TokenForm(regexForm('w'), tokenTexts(tokenizer), [eos]).answer()
    expect(exact(tokenizer.encode('w'))).toBe('end')
  })
})
