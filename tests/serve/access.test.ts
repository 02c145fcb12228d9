import { describe, expect, it } from 'vitest'
import { assertAccess } from '../../src/serve/http/access.ts'

const refusal = (given: Parameters<typeof assertAccess>[0]): string => {
  try {
    assertAccess(given)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}
const host = '127.0.0.1'

describe('a key', () => {
  it.each([
    ['', 'the key (--key, or FOVEA_KEY) has 0 characters, so it can be guessed; give at least 16'],
    ['ab', 'the key (--key, or FOVEA_KEY) has 2 characters, so it can be guessed; give at least 16'],
    ['fifteen-letters', 'the key (--key, or FOVEA_KEY) has 15 characters, so it can be guessed; give at least 16'],
    [
      ' begins-with-a-space',
      'the key (--key, or FOVEA_KEY) has characters that a request header cannot carry; give visible ASCII characters',
    ],
    [
      'schlüssel-für-alle',
      'the key (--key, or FOVEA_KEY) has characters that a request header cannot carry; give visible ASCII characters',
    ],
  ])('%j is refused', (key, message) => {
    expect(refusal({ host, key })).toBe(`${message}: openssl rand -hex 24 makes one`)
    expect(refusal({ host: '0.0.0.0', key })).toBe(`${message}: openssl rand -hex 24 makes one`)
  })

  it('of sixteen characters is taken, and is needed where others reach the server', () => {
    expect(refusal({ host: '0.0.0.0', key: 'sixteen-letters!' })).toBe('')
    expect(refusal({ host })).toBe('')
    expect(refusal({ host: '0.0.0.0' })).toBe(
      'on 0.0.0.0 anybody on the network can ask; give a key (--key, or FOVEA_KEY) or use 127.0.0.1',
    )
  })
})

describe('an origin', () => {
  it.each([
    ['notaurl', 'give one such as http://localhost:5173'],
    ['*', 'give one such as http://localhost:5173'],
    ['null', 'give one such as http://localhost:5173'],
    ['', 'give one such as http://localhost:5173'],
    ['localhost:5173', 'give one such as http://localhost:5173'],
    ['http://localhost:5173/', 'did you mean http://localhost:5173?'],
    ['https://example.org/app?x', 'did you mean https://example.org?'],
    ['https://example.org:443', 'did you mean https://example.org?'],
    ['HTTP://Example.org', 'did you mean http://example.org?'],
    ['http://me:secret@example.org', 'did you mean http://example.org?'],
  ])('%j is refused', (origin, hint) => {
    expect(refusal({ host, origins: [origin] })).toBe(
      `--origin ${JSON.stringify(origin)} is no origin of a page; ${hint}`,
    )
  })

  it('is taken as browsers write it', () => {
    const origins = ['http://localhost:5173', 'https://example.org', 'http://[::1]:5173', 'chrome-extension://abcdef']
    expect(refusal({ host, origins })).toBe('')
  })
})
