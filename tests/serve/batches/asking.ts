/** Batches of questions, and what comes of them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI, { toFile } from 'openai'
import { onTestFinished } from 'vitest'
import { type Started, startFovea } from '../../cli/fovea.ts'

export interface OutputLine {
  id: string
  custom_id: string
  response: {
    status_code: number
    request_id: string
    body: OpenAI.ChatCompletion & { error?: { code: string } }
  } | null
  error: { code: string } | null
}

export const clientOf = (url: string, apiKey = 'none'): OpenAI =>
  new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 })

/** A line that asks for so many tokens. */
export const question = (custom_id: string, max_tokens = 2, body: object = {}) => ({
  custom_id,
  method: 'POST',
  url: '/v1/chat/completions',
  body: { messages: [{ role: 'user', content: 'what is red?' }], max_tokens, ignore_eos: true, ...body },
})

export const jsonl = (lines: readonly unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

export const upload = (client: OpenAI, text: string | Uint8Array): Promise<OpenAI.FileObject> =>
  toFile(Buffer.from(text as string), 'questions.jsonl').then((file) => client.files.create({ file, purpose: 'batch' }))

export async function start(
  client: OpenAI,
  text: string | Uint8Array,
  more: Partial<OpenAI.BatchCreateParams> = {},
): Promise<OpenAI.Batch> {
  const { id } = await upload(client, text)
  const endpoint = '/v1/chat/completions' as const
  return client.batches.create({ input_file_id: id, endpoint, completion_window: '24h', ...more })
}

const OVER = ['completed', 'failed', 'cancelled', 'expired']

/** Asks until something holds for the batch. */
export async function until(
  client: OpenAI,
  id: string,
  holds: (batch: OpenAI.Batch) => boolean = ({ status }) => OVER.includes(status),
): Promise<OpenAI.Batch> {
  for (;;) {
    const batch = await client.batches.retrieve(id)
    if (holds(batch)) return batch
    await new Promise((go) => setTimeout(go, 50))
  }
}

export const linesOf = async (client: OpenAI, fileId: string | null | undefined): Promise<OutputLine[]> => {
  if (!fileId) return []
  const text = await (await client.files.content(fileId)).text()
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

/** A folder that is removed when the test ends. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fovea-batches-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** `fovea serve` as a process, and its address; what it says where it does not start. */
export async function serve(...args: string[]): Promise<Started & { url: string }> {
  const started = startFovea(['serve', '--port', '0', '--quiet', ...args])
  const line = await new Promise<string>((resolve) => {
    started.child.stdout!.once('data', (text: string) => resolve(text))
    void started.ended.then(({ stderr }) => resolve(stderr))
  })
  return { ...started, url: /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? line }
}
