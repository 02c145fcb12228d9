import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client as ModernClient } from '@modelcontextprotocol/client'
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fovea, startFovea, temporaryFolder } from '../fovea.ts'
import { writeSquare } from '../tiny-model.ts'

const call = (...args: string[]) => ({
  command: process.execPath,
  args: ['--import', 'tsx', 'src/cli/main.ts', 'mcp', ...args],
  cwd: process.cwd(),
  stderr: 'ignore' as const,
})

async function connected(...args: string[]): Promise<Client> {
  const client = new Client({ name: 'tests', version: '1.0.0' })
  await client.connect(new StdioClientTransport(call(...args)))
  onTestFinished(() => client.close())
  return client
}

interface Called {
  readonly content: { readonly type: string; readonly text?: string; readonly mimeType?: string }[]
  readonly structuredContent?: Record<string, unknown>
  readonly isError?: boolean
}

const scene = 'examples/scene.png'
const question = 'what color is the star?'

// Each test starts a process that loads a model.
describe('fovea mcp', { timeout: 120_000 }, () => {
  it('lists its tools, answers, describes and compares, and tells how far it is', async () => {
    const client = await connected()
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['ask_image', 'describe_image', 'compare_methods'])
    expect(tools[0]).toMatchObject({
      annotations: { readOnlyHint: true },
      inputSchema: { required: ['image', 'question'] },
    })
    const told: string[] = []
    const onprogress = ({ message }: { message?: string }) => told.push(message ?? '')
    const asked = { name: 'ask_image', arguments: { image: scene, question, method: 'fastv:layer=2,keep=.25' } }
    const reply = (await client.callTool(asked, undefined, { onprogress })) as Called
    expect(reply.content[0]).toEqual({ type: 'text', text: 'yellow' })
    expect(reply.structuredContent).toMatchObject({ answer: 'yellow', visual_tokens: { before: 144, last: 36 } })
    expect(told).toEqual(expect.arrayContaining(['loading the model', 'yellow']))
    const url = `data:image/png;base64,${readFileSync(scene).toString('base64')}`
    const described = (await client.callTool({ name: 'describe_image', arguments: { image: url } })) as Called
    expect(described.content[0].text).toContain('star')
    const methods = ['dense', 'visionzip:keep=.25']
    const compared = (await client.callTool({
      name: 'compare_methods',
      arguments: { image: scene, question, methods, overlay: true },
    })) as Called
    expect(compared.content.map(({ type }) => type)).toEqual(['text', 'image', 'text', 'image'])
    const rows = compared.structuredContent!.methods as { method: string; milliseconds: { vision: number } }[]
    expect(rows.map(({ method }) => method.split(':')[0])).toEqual(['dense', 'visionzip'])
    for (const { milliseconds } of rows) expect(milliseconds.vision).toBeGreaterThan(0)
  })

  it('says what to do where it refuses, reads nothing outside its root, and lives on', async () => {
    const folder = temporaryFolder()
    const root = join(folder, 'root')
    mkdirSync(root)
    await writeSquare(root)
    writeFileSync(join(root, 'text.png'), 'no image')
    symlinkSync(join(process.cwd(), scene), join(root, 'link.png'))
    const client = await connected('--root', root)
    const ask = async (image: string, more = {}) =>
      (await client.callTool({ name: 'ask_image', arguments: { image, question, ...more } })) as Called
    const refusals: [string, string, object?][] = [
      ['../secret.png', 'is not below'],
      [join(process.cwd(), scene), 'is not below'],
      [`file://${process.cwd()}/${scene}`, 'is not below'],
      ['link.png', 'is not below'],
      ['none.png', 'no such file'],
      ['.', 'no file'],
      ['text.png', 'PNG, JPEG, WebP or GIF'],
      ['data:image/png;base64,!', 'not valid Base64'],
      ['https://127.0.0.1/x.png', '--allow-urls'],
      ['square.png', 'did you mean visionzip', { method: 'visionzap' }],
    ]
    for (const [image, message, more] of refusals) {
      const { isError, content } = await ask(image, more)
      expect([image, isError, content[0].text]).toEqual([image, true, expect.stringContaining(message)])
    }
    const ended = new AbortController()
    const options = { signal: ended.signal, onprogress: () => ended.abort() }
    const asked = { name: 'ask_image', arguments: { image: 'square.png', question, max_tokens: 2000 } }
    await expect(client.callTool(asked, undefined, options)).rejects.toThrow()
    expect((await ask('square.png', { max_tokens: 2 })).isError).toBeUndefined()
  })

  it('speaks the protocol of 2026-07-28, and fetches nothing of a private network', async () => {
    const client = new ModernClient({ name: 'tests', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new ModernTransport(call('--allow-urls')))
    onTestFinished(() => client.close())
    expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28')
    const named = { image: 'http://127.0.0.1:1/x.png', question }
    const refused = (await client.callTool({ name: 'ask_image', arguments: named })) as Called
    expect([refused.isError, refused.content[0].text]).toEqual([true, expect.stringContaining('private network')])
  })

  it('ends with its input, having said nothing but the protocol', async () => {
    const { status, stdout, stderr } = await startFovea(['mcp'], '').ended
    expect([status, stdout]).toEqual([0, ''])
    expect(stderr).toContain('images below')
    expect((await fovea('mcp', '--root', './nowhere')).status).toBe(2)
  })
})
