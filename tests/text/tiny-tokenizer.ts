/** A small trained tokenizer for the tests of this folder. */
import { trainBpe } from '../../src/text/bpe-train.ts'
import { createTokenizer, type TokenizerJson } from '../../src/text/tokenizer.ts'

export const SPECIAL = ['<pad>', '<s>', '</s>', '<image>', '<|im_start|>', '<|im_end|>']

const corpus = [
  'how many red circles are there? there are 3 red circles.',
  'what is the shape of the blue object? the blue object is a star.',
  'is there a green square left of the yellow ring? yes.',
  'Describe the image. A small orange triangle, a large purple heart and 12 white diamonds.',
]

export const trained = trainBpe(corpus, {
  vocabSize: 360,
  specialTokens: SPECIAL,
  roles: { bos_token: '<s>', eos_token: '</s>', pad_token: '<pad>' },
})

export const tokenizer = createTokenizer(trained.tokenizer as unknown as TokenizerJson, trained.config)
