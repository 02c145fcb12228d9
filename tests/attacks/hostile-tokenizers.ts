/** Hostile tokenizer.json files, one per abuse: what they must be refused for, by field, or not take long for. */
import type { Json } from './hostile-folder.ts'

export interface HostileTokenizer {
  name: string
  /** What the message says behind the path of tokenizer.json. */
  message: string
  change: (json: Json) => void
}

const ID = 'ids are whole numbers from 0 to 4000000'

function id(name: string, value: unknown, shown: string): HostileTokenizer[] {
  const [token, message] = ['he', `${shown} is no id; ${ID}`]
  return [
    {
      name: `a token whose id is ${name}`,
      message: `model.vocab["he"]: ${message}`,
      change: ({ model }) => void (model.vocab[token] = value),
    },
    {
      name: `an added token whose id is ${name}`,
      message: `added_tokens[0].id: ${message}`,
      change: ({ added_tokens }) => void (added_tokens[0].id = value),
    },
  ]
}

const of = (field: string, name: string, message: string, value: unknown): HostileTokenizer => ({
  name: `${field} ${name}`,
  message: `${field}${message}`,
  change: (json) => {
    const path = field.split('.')
    const last = path.pop()!
    path.reduce((at, key) => at[key], json)[last] = value
  },
})

/** A stage of the tokenizer in the place of the one that the file has. */
const stage = (name: string, field: string, message: string, value: Json): HostileTokenizer => ({
  name,
  message: `${field}: ${message}`,
  change: (json) => void (json[field.split('.')[0]] = value),
})

const split = (regex: string): Json => ({
  type: 'Split',
  pattern: { Regex: regex },
  behavior: 'Isolated',
  invert: false,
})

const replace = (pattern: Json, content: unknown): Json => ({ type: 'Replace', pattern, content })

const normalizers = (...steps: Json[]): Json => ({ type: 'Sequence', normalizers: steps })

export const REFUSED_TOKENIZERS: HostileTokenizer[] = [
  ...id('null', null, 'null'),
  ...id('1.5', 1.5, '1.5'),
  ...id('a letter', 'x', '"x"'),
  ...id('a digit in quotes', '7', '"7"'),
  ...id('true', true, 'true'),
  ...id('-1', -1, '-1'),
  ...id('-2^40', -(2 ** 40), '-1099511627776'),
  ...id('two billion', 2e9, '2000000000'),
  ...id('a list', [1], '[1]'),
  of('model', 'null', ': it must be an object, found null', null),
  of('model', 'a list', ': it must be an object, found []', []),
  of('model.type', 'unknown', ': "WordLevel" is not supported; supported are BPE, WordPiece, Unigram', 'WordLevel'),
  of('model.merges', 'null', ': it must be a list, found null', null),
  of('model.merges', 'an object', ': it must be a list, found {}', {}),
  of('model.merges', 'of numbers', '[0]: it must be two tokens, found 5', [5]),
  of('model.merges', 'of one token', '[0]: it must be two tokens, found "ab"', ['ab']),
  of('model.merges', 'of three tokens', '[0]: it must be two tokens, found ["h","e","x"]', [['h', 'e', 'x']]),
  of('model.merges', 'of an unknown token', '[0]: "€€" is not in the vocabulary', [['€€', 'h']]),
  of('model.merges', 'that make an unknown token', '[0]: "hh" is not in the vocabulary', ['h h']),
  of('model.vocab', 'a list of null', ': it must map tokens to ids, found [null]', [null]),
  of('model.unk_token', 'a number', ': it must be a text, found 5', 5),
  of('model.end_of_word_suffix', 'a number', ': it must be a text of at most 100 letters', 5),
  of('model.end_of_word_suffix', 'of a megabyte', ': it must be a text of at most 100 letters', 'x'.repeat(1e6)),
  of('added_tokens', 'an object', ': it must be a list, found {}', {}),
  of('added_tokens', 'of null', '[0]: it must be an object, found null', [null]),
  of('added_tokens', 'of number 5', '[0].content: it must be a text, found 5', [{ id: 1, content: 5 }]),
  of('added_tokens', 'that is special "yes"', '[0].special: it must be true or false, found "yes"', [
    { id: 1, content: 'a', special: 'yes' },
  ]),
  of('added_tokens', 'of 10,000 letters', '[0].content: a special token of 10000 letters; the limit is 1000', [
    { id: 1, content: 'a'.repeat(1e4), special: true },
  ]),
  {
    name: 'a Unigram vocabulary of null',
    message: 'model.vocab[0]: it must be a token and its score, found null',
    change: (json) => void (json.model = { type: 'Unigram', unk_id: 0, vocab: [null] }),
  },
  {
    name: 'a Unigram score of null',
    message: 'model.vocab[0]: it must be a token and its score, found ["a",null]',
    change: (json) => void (json.model = { type: 'Unigram', unk_id: 0, vocab: [['a', null]] }),
  },
  {
    name: 'a Unigram unk_id that is not there',
    message: 'model.unk_id: 7 is not the place of a token; there are 1',
    change: (json) => void (json.model = { type: 'Unigram', unk_id: 7, vocab: [['a', 0]] }),
  },
  {
    name: 'runs of 3,000 equal letters as tokens',
    message: 'model.vocab[256]: a token of 257 letters; the limit is 256',
    change: (json) => {
      const vocab = Array.from({ length: 3000 }, (_, at) => ['a'.repeat(at + 1), -at])
      json.model = { type: 'Unigram', unk_id: 0, vocab }
    },
  },
  {
    name: 'words without a limit',
    message: 'model.max_input_chars_per_word: it must be a whole number from 1 to 1000, found 1000000000',
    change: (json) => {
      json.model = { type: 'WordPiece', unk_token: 'a', max_input_chars_per_word: 1e9, vocab: { a: 0 } }
    },
  },
  stage('a list as normalizer', 'normalizer', 'it must be an object, found []', []),
  stage('20,000 parentheses', 'pre_tokenizer.pattern.Regex', 'a pattern of 40001 letters; the limit is 10000', {
    ...split(`${'('.repeat(2e4)}a${')'.repeat(2e4)}`),
  }),
  stage(
    '2,000 parentheses',
    'pre_tokenizer.pattern.Regex',
    'groups nested deeper than 200',
    split(`${'('.repeat(2e3)}a${')'.repeat(2e3)}`),
  ),
  stage('a pattern that is a number', 'pre_tokenizer.pattern', 'it must hold a Regex or a String, found {"Regex":5}', {
    ...split('a'),
    pattern: { Regex: 5 },
  }),
  stage('a nested repeat', 'pre_tokenizer.pattern.Regex', '"(a+)+$" can take exponential time', split('(a+)+$')),
  stage(
    'one letter replaced by 100,000',
    'normalizer.content',
    'a text of 100000 letters; the limit is 100',
    replace({ String: 'a' }, 'a'.repeat(1e5)),
  ),
  stage(
    'a text doubled 30 times',
    'normalizer',
    'it makes a text up to 1.07e+9 times as long; the limit is 1000',
    normalizers(...Array.from({ length: 30 }, () => replace({ String: 'a' }, 'aa'))),
  ),
  stage(
    'a text doubled 30 times by nothing',
    'normalizer',
    'it makes a text up to 1.07e+9 times as long; the limit is 1000',
    normalizers(...Array.from({ length: 30 }, () => replace({ Regex: '' }, 'a'))),
  ),
  stage('a prefix of 1 MB', 'normalizer.prepend', 'a text of 1000000 letters; the limit is 100', {
    type: 'Prepend',
    prepend: 'a'.repeat(1e6),
  }),
  stage('a content that is a number', 'normalizer.content', 'it must be a text, found 5', replace({ String: 'a' }, 5)),
  stage('a content in a list of two', 'normalizer.normalizers[1].content', 'it must be a text, found 5', {
    ...normalizers({ type: 'NFC' }, replace({ String: 'a' }, 5)),
  }),
  stage('pieces of no length', 'pre_tokenizer.length', 'it must be a whole number from 1, found 0', {
    type: 'FixedLength',
    length: 0,
  }),
  {
    name: 'a post-processor that adds what is not there',
    message: 'post_processor: it adds "none", which the vocabulary lacks',
    change: (json) => {
      const single = [{ SpecialToken: { id: 'none', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }]
      json.post_processor = { type: 'TemplateProcessing', single, pair: single, special_tokens: {} }
    },
  },
  {
    name: 'a normalizer of an unknown kind',
    message: 'a Normalizer of type Evil is not supported',
    change: (json) => void (json.normalizer = { type: 'Evil' }),
  },
]

/** Patterns that no check in front tells from harmless ones; the text is what they take too long for. */
export const SLOW_TOKENIZERS: readonly (readonly [name: string, pre_tokenizer: Json, text: string])[] = [
  ['an ambiguous choice', split('(a|a)+\\d'), 'a'.repeat(60)],
  ['choices that overlap', split('(?:a|aa)+\\d'), 'a'.repeat(80)],
  ['a repeat in a counted one', split('(a+){1,90}\\d'), 'a'.repeat(60)],
  ['ten repeats in a row', split(`${'a*'.repeat(10)}\\d`), 'a'.repeat(400)],
  ['a repeat of optional letters', split('(a?b?a?){40}\\d'), 'a'.repeat(40)],
  ['a lookahead', split('(?=(a|a)+\\d)b'), 'a'.repeat(60)],
]
