import { writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formatReference, parseReference, requireReference } from '../../src/hub/reference.ts'
import { hubSettings } from '../../src/hub/settings.ts'
import { temporaryFolder } from '../cli/fovea.ts'

describe('settings of the hub', () => {
  it('are those of the hub itself where nothing is set', () => {
    expect(hubSettings({ HF_TOKEN_PATH: '/nowhere' })).toEqual({
      endpoint: 'https://huggingface.co',
      cache: join(homedir(), '.cache/huggingface/hub'),
      token: undefined,
      offline: false,
      idleMs: 10_000,
      retryMs: 500,
    })
  })

  it.each([
    [{ HF_HUB_CACHE: '/c', HUGGINGFACE_HUB_CACHE: '/d', HF_HOME: '/h' }, '/c'],
    [{ HUGGINGFACE_HUB_CACHE: '/d', HF_HOME: '/h' }, '/d'],
    [{ HF_HOME: '/h', XDG_CACHE_HOME: '/x' }, '/h/hub'],
    [{ XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub'],
    [{ HF_HUB_CACHE: '', HF_HOME: '~/h' }, join(homedir(), 'h/hub')],
  ])('find the cache by %o', (env, cache) => expect(hubSettings(env).cache).toBe(cache))

  it('take the token from the environment, or from the file that a login writes', () => {
    const home = temporaryFolder()
    writeFileSync(join(home, 'token'), 'hf_file\n')
    expect(hubSettings({ HF_HOME: home }).token).toBe('hf_file')
    expect(hubSettings({ HF_HOME: home, HF_TOKEN: ' hf_env ' }).token).toBe('hf_env')
    expect(() => hubSettings({ HF_TOKEN: 'a\nb' })).toThrow('holds odd characters')
  })

  it.each(['1', 'true', 'YES', 'on'])('are offline with %s', (value) =>
    expect(hubSettings({ HF_HUB_OFFLINE: value }).offline).toBe(true),
  )

  it('are online with 0', () => expect(hubSettings({ HF_HUB_OFFLINE: '0' }).offline).toBe(false))

  it.each([
    [{ HF_ENDPOINT: 'hub.example.com' }, /HF_ENDPOINT is "hub.example.com"; it must be an address/],
    [{ HF_ENDPOINT: 'file:///x' }, /HF_ENDPOINT/],
    [{ HF_HUB_DOWNLOAD_TIMEOUT: '-1' }, /HF_HUB_DOWNLOAD_TIMEOUT is "-1"; it must be a number of seconds/],
  ])('refuse %o', (env, message) => expect(() => hubSettings(env)).toThrow(message))

  it('drop the slash of an endpoint', () =>
    expect(hubSettings({ HF_ENDPOINT: 'http://a:8/hf//' }).endpoint).toBe('http://a:8/hf'))
})

describe('a reference', () => {
  it.each([
    ['org/name', 'org/name', 'main'],
    ['org/name@v1.0', 'org/name', 'v1.0'],
    ['Org-1/na_me.2B@refs/pr/3', 'Org-1/na_me.2B', 'refs/pr/3'],
  ])('%s is one', (text, id, revision) => {
    expect(parseReference(text)).toEqual({ id, revision })
    expect(formatReference({ id, revision })).toBe(text)
  })

  it.each([
    'name',
    'a/b/c',
    '../b',
    'a/..',
    'a/b@',
    'a/b@../c',
    'a/b@c..d',
    'a--b/c',
    '/b',
    'a/',
    'a/b@-x',
    'a\\b/c',
    '',
  ])('%s is none', (text) => {
    expect(parseReference(text)).toBeUndefined()
    expect(() => requireReference(text)).toThrow('write org/name or org/name@revision')
  })
})
