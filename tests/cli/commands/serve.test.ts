import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FAMILIES, writeGgufPair } from '../../loading/gguf/families.ts'
import { ownCache } from '../../quantization/cache-folder.ts'
import { fovea, startFovea, temporaryFolder } from '../fovea.ts'

ownCache()

describe('fovea serve', () => {
  it('says where it is, answers, and ends at Ctrl-C', async () => {
    const { child, ended } = startFovea(['serve', '--port', '0'])
    const line = await new Promise<string>((resolve) => child.stdout!.once('data', (text: string) => resolve(text)))
    const [, url] = /^mini at (http:\/\/127\.0\.0\.1:\d+), /.exec(line)!
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'what is red?' }], max_tokens: 3 }),
    })
    expect(await response.json()).toMatchObject({ object: 'chat.completion', model: 'mini' })
    child.kill('SIGINT')
    const { status, stderr } = await ended
    expect(status).toBe(130)
    expect(stderr).toMatch(/^POST \/v1\/chat\/completions 200 \d+ ms\nending: /)
    await expect(fetch(`${url}/health`)).rejects.toThrow()
  })

  it('refuses an address that others reach without a key, and a model that is none', async () => {
    const open = await fovea('serve', '--host', '0.0.0.0')
    expect([open.status, open.stderr]).toEqual([2, expect.stringContaining('--key')])
    const { status, stderr } = await fovea('serve', '--model', './nowhere')
    expect([status, stderr.split('\n').length]).toEqual([3, 2])
  })

  it('refuses keys that can be guessed and origins that are none, in one line', async () => {
    const [weak, foreign] = await Promise.all([
      fovea('serve', '--key', 'ab'),
      fovea('serve', '--origin', 'https://example.org', '--origin', 'notaurl'),
    ])
    expect(weak).toMatchObject({
      status: 2,
      stderr:
        'fovea: the key (--key, or FOVEA_KEY) has 2 characters, so it can be guessed; give at least 16: openssl rand -hex 24 makes one\n',
    })
    expect(foreign).toMatchObject({
      status: 2,
      stderr: 'fovea: --origin "notaurl" is no origin of a page; give one such as http://localhost:5173\n',
    })
  })

  it('serves a model in GGUF with the vision side that is named', async () => {
    const [folder, to] = ['folder', 'gguf'].map((name) => join(temporaryFolder(), name))
    mkdirSync(to)
    const { language, vision } = await writeGgufPair(FAMILIES[0], folder, to)
    const sight = join(temporaryFolder(), 'sight.gguf')
    renameSync(vision, sight)
    const { child, ended } = startFovea(['serve', '--port', '0', '--model', language, '--mmproj', sight])
    const line = await new Promise<string>((resolve) => {
      child.stdout!.once('data', (text: string) => resolve(text))
      void ended.then(({ stderr }) => resolve(stderr))
    })
    child.kill('SIGINT')
    await ended
    expect(line).toMatch(/^model\.gguf at http:/)
  })

  it('shows how it is called', async () => {
    const { stdout } = await fovea('serve', '--help')
    expect(stdout).toContain('fovea serve --host 0.0.0.0 --key')
  })
})
