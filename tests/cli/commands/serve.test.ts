import { describe, expect, it } from 'vitest'
import { fovea, startFovea } from '../fovea.ts'

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

  it('shows how it is called', async () => {
    const { stdout } = await fovea('serve', '--help')
    expect(stdout).toContain('fovea serve --host 0.0.0.0 --key')
  })
})
