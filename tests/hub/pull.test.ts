import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cachedSnapshot, repositoryFolder } from '../../src/hub/cache.ts'
import { lockPath, partPath } from '../../src/hub/download.ts'
import { type DownloadProgress, pullModel } from '../../src/hub/pull.ts'
import { breakOff, etagOf, type FakeHub, type FileRequest, fail, ID, sendFile, stall, startHub } from './fake-hub.ts'

const WEIGHTS = 'model.safetensors'
const INDEX = 'model.safetensors.index.json'
const reference = { id: ID, revision: 'main' }

const pull = (hub: FakeHub, options: Parameters<typeof pullModel>[1] = {}) =>
  pullModel(reference, { settings: hub.settings, ...options })
const repositoryOf = (hub: FakeHub) => repositoryFolder(hub.settings.cache, ID)
const partOf = (hub: FakeHub, name = WEIGHTS) => partPath(repositoryOf(hub), etagOf(name, hub.files.get(name)!))
const rangesOf = (hub: FakeHub, name = WEIGHTS) =>
  hub.seen.filter(({ host, path }) => host === 'storage' && path === `/${name}`).map(({ range }) => range)

/** Lets the first `times` requests for the weights at the storage host go wrong. */
function spoil(hub: FakeHub, times: number, how: (request: FileRequest) => boolean): void {
  let left = times
  hub.misbehave = (request) =>
    request.host === 'storage' && request.name === WEIGHTS && left-- > 0 ? how(request) : false
}

/** Leaves bytes as if an earlier download had stopped there. */
function leavePart(hub: FakeHub, bytes: Buffer): void {
  mkdirSync(dirname(partOf(hub)), { recursive: true })
  writeFileSync(partOf(hub), bytes)
}

describe('a model of the hub', () => {
  it('comes as the shared cache keeps it, and only what loading needs', async () => {
    const hub = await startHub()
    const { folder, commit, fetched, files } = await pull(hub)
    const repository = repositoryOf(hub)
    expect(folder).toBe(join(repository, 'snapshots', hub.commit()))
    expect(commit).toBe(hub.commit())
    expect(readFileSync(join(repository, 'refs/main'), 'utf8')).toBe(commit)
    expect(readdirSync(folder).sort()).toEqual([
      'chat_template.jinja',
      'config.json',
      'generation_config.json',
      WEIGHTS,
      'preprocessor_config.json',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
    const weights = hub.files.get(WEIGHTS)!
    expect(readlinkSync(join(folder, WEIGHTS))).toBe(`../../blobs/${etagOf(WEIGHTS, weights)}`)
    for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name))).toEqual(hub.files.get(name))
    expect(readdirSync(join(repository, 'blobs'))).toHaveLength(files.length)
    expect(fetched).toBe(files.reduce((sum, { size }) => sum + size, 0))
    expect(readdirSync(dirname(lockPath(repository, 'x')))).toEqual([])
  })

  it('comes with the tokenizer of its connector, and nothing else from folders', async () => {
    const hub = await startHub()
    const tokenizer = hub.files.get('tokenizer.json')!
    hub.files.set('qformer_tokenizer/tokenizer.json', tokenizer)
    hub.files.set('onnx/tokenizer.json', tokenizer)
    hub.files.set('qformer_tokenizer/deeper/tokenizer.json', tokenizer)
    hub.files.set('qformer_tokenizer/model.safetensors', tokenizer)
    const { folder, files } = await pull(hub)
    expect(files.filter(({ name }) => name.includes('/')).map(({ name }) => name)).toEqual([
      'qformer_tokenizer/tokenizer.json',
    ])
    expect(readFileSync(join(folder, 'qformer_tokenizer/tokenizer.json'))).toEqual(tokenizer)
  })

  it('comes with what a tokenizer is made of, where there is no tokenizer.json', async () => {
    const hub = await startHub()
    for (const name of ['vocab.json', 'merges.txt']) hub.files.set(name, Buffer.from('{}'))
    const names = async () => (await pull(hub)).files.map(({ name }) => name)
    expect(await names()).not.toContain('vocab.json')
    hub.files.delete('tokenizer.json')
    expect(await names()).toEqual(expect.arrayContaining(['vocab.json', 'merges.txt']))
  })

  it('comes once: a second pull looks it up and fetches nothing', async () => {
    const hub = await startHub()
    const first = await pull(hub)
    hub.seen.length = 0
    expect(await pull(hub)).toEqual({ ...first, fetched: 0 })
    expect(hub.seen.map(({ path }) => path)).toEqual([
      `/api/models/${ID}/revision/main`,
      `/api/models/${ID}/tree/${hub.commit()}`,
    ])
  })

  it('comes once for two that ask at once', async () => {
    const hub = await startHub()
    const [one, two] = await Promise.all([pull(hub), pull(hub)])
    expect(one.folder).toBe(two.folder)
    expect(rangesOf(hub)).toEqual([undefined])
    expect(readFileSync(join(one.folder, WEIGHTS))).toEqual(hub.files.get(WEIGHTS))
    expect(readdirSync(one.folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('fetches what a new revision changed, and keeps both', async () => {
    const hub = await startHub()
    const before = await pull(hub)
    hub.files.set('generation_config.json', Buffer.from('{"eos_token_id": 2}'))
    const { commit, fetched } = await pull(hub)
    expect(commit).not.toBe(before.commit)
    expect(fetched).toBe(19)
    expect(await cachedSnapshot(hub.settings.cache, { id: ID, revision: before.commit })).toBe(before.folder)
  })

  it('brings the shards that the index names', async () => {
    const hub = await startHub('tests/fixtures/families/llava-bf16-sharded')
    hub.files.set('consolidated.safetensors', Buffer.from('of another program'))
    const { folder } = await pull(hub)
    expect(readdirSync(folder).filter((name) => name.endsWith('.safetensors'))).toEqual([
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
    ])
  })

  it('tells how far it is', async () => {
    const hub = await startHub()
    const told: DownloadProgress[] = []
    await pull(hub, { onProgress: (progress) => told.push(progress) })
    const { totalBytes, bytes, id } = told.at(-1)!
    expect({ id, bytes }).toEqual({ id: ID, bytes: totalBytes })
    expect(totalBytes).toBeGreaterThan(hub.files.get(WEIGHTS)!.length)
    expect(told.every((progress) => progress.totalBytes === totalBytes)).toBe(true)
  })

  it('shows its config before the weights come', async () => {
    const hub = await startHub()
    const checkConfig = ({ model_type }: Record<string, unknown>) => {
      throw new Error(`no ${model_type}`)
    }
    await expect(pull(hub, { checkConfig })).rejects.toThrow('no smolvlm')
    expect(rangesOf(hub)).toEqual([])
  })
})

describe('a download that breaks', () => {
  it('goes on where a short body ended', async () => {
    const hub = await startHub()
    spoil(hub, 2, (request) => breakOff(request, 50_000))
    const { folder } = await pull(hub)
    // What had not been read when the connection broke is lost, so the ends need not be where the server stopped.
    const starts = rangesOf(hub).map((range) => Number(/\d+/.exec(range ?? '0')))
    expect(starts).toHaveLength(3)
    expect(starts).toEqual(starts.toSorted((a, b) => a - b))
    expect(starts[2]).toBeGreaterThan(0)
    expect(readFileSync(join(folder, WEIGHTS))).toEqual(hub.files.get(WEIGHTS))
  })

  it('goes on after bytes stop coming', async () => {
    const hub = await startHub()
    spoil(hub, 1, (request) => stall(request, 70_000))
    await pull(hub, { settings: { ...hub.settings, idleMs: 1500 } })
    expect(rangesOf(hub)).toEqual([undefined, 'bytes=70000-'])
  })

  it('gives up in the end, keeps the part, and goes on with it at the next call', async () => {
    const hub = await startHub()
    spoil(hub, 6, (request) => breakOff(request, 1000))
    await expect(pull(hub)).rejects.toMatchObject({
      code: 'hub_unreachable',
      kind: 'network',
      message: expect.stringMatching(
        /tiny: model\.safetensors: .*\(6 attempts\); try again later; what has come is kept/,
      ),
    })
    const { size } = statSync(partOf(hub))
    expect(size).toBeGreaterThan(0)
    expect(await cachedSnapshot(hub.settings.cache, reference)).toBeUndefined()
    await pull(hub)
    expect(rangesOf(hub).at(-1)).toBe(`bytes=${size}-`)
  })

  it('keeps the part when it is aborted, and goes on with it', async () => {
    const hub = await startHub()
    const controller = new AbortController()
    spoil(hub, 1, (request) => stall(request, 30_000))
    const pulling = pull(hub, {
      signal: controller.signal,
      onProgress: ({ file }) => file === WEIGHTS && controller.abort(),
    })
    await expect(pulling).rejects.toMatchObject({ name: 'AbortError' })
    const { size } = statSync(partOf(hub))
    expect(size).toBeGreaterThan(0)
    await pull(hub)
    expect(rangesOf(hub)).toEqual([undefined, `bytes=${size}-`])
  })

  it('begins anew where a server knows no ranges', async () => {
    const hub = await startHub()
    leavePart(hub, hub.files.get(WEIGHTS)!.subarray(0, 5000))
    spoil(hub, 1, ({ response, name, bytes }) => {
      sendFile(response, name, bytes)
      return true
    })
    const { folder } = await pull(hub)
    expect(readFileSync(join(folder, WEIGHTS))).toEqual(hub.files.get(WEIGHTS))
  })

  it.each([
    ['416', ({ response }: FileRequest) => fail(response, 416)],
    [
      'another range',
      ({ response, bytes }: FileRequest) => {
        response.writeHead(206, { 'content-range': `bytes 0-9/${bytes.length}`, 'content-length': 10 })
        response.end(bytes.subarray(0, 10))
      },
    ],
    [
      'a changed etag',
      ({ response, bytes, start }: FileRequest) => {
        const headers = { 'content-range': `bytes ${start}-9/10`, 'x-linked-etag': '"changed"' }
        response.writeHead(206, headers).end(bytes.subarray(start))
      },
    ],
  ])('begins anew after %s', async (_, respond) => {
    const hub = await startHub()
    leavePart(hub, hub.files.get(WEIGHTS)!.subarray(0, 5000))
    let left = 1
    hub.misbehave = (request) => {
      if (request.name !== WEIGHTS || left-- <= 0) return false
      respond(request)
      return true
    }
    const { folder } = await pull(hub)
    expect(rangesOf(hub).at(-1)).toBeUndefined()
    expect(readFileSync(join(folder, WEIGHTS))).toEqual(hub.files.get(WEIGHTS))
  })

  it.each([
    ['of other bytes', 5000],
    ['as long as the whole', undefined],
  ])('drops a part %s once its hash is wrong', async (_, length) => {
    const hub = await startHub()
    leavePart(hub, Buffer.alloc(length ?? hub.files.get(WEIGHTS)!.length, 1))
    const { folder } = await pull(hub)
    expect(readFileSync(join(folder, WEIGHTS))).toEqual(hub.files.get(WEIGHTS))
    expect(rangesOf(hub).at(-1)).toBeUndefined()
  })

  it.each([
    ['429', 429],
    ['500', 500],
    ['503', 503],
  ])('tries again after status %s, when the server says', async (_, status) => {
    const hub = await startHub()
    spoil(hub, 2, ({ response }) => {
      fail(response, status, '', { 'retry-after': '0' })
      return true
    })
    await pull(hub)
    expect(rangesOf(hub)).toHaveLength(3)
  })
})

describe('what is refused', () => {
  it('bytes with another hash, twice', async () => {
    const hub = await startHub()
    const wrong = Buffer.from(hub.files.get(WEIGHTS)!)
    wrong[wrong.length - 1] ^= 1
    spoil(hub, 9, ({ response, name, request }) => {
      sendFile(response, name, wrong, request.headers.range)
      return true
    })
    await expect(pull(hub)).rejects.toMatchObject({
      code: 'hub_hash_mismatch',
      message: expect.stringContaining(`model.safetensors: its bytes are not those that the hub names`),
    })
    expect(rangesOf(hub)).toEqual([undefined, undefined])
    expect(readdirSync(join(repositoryOf(hub), 'blobs'))).not.toContain(etagOf(WEIGHTS, hub.files.get(WEIGHTS)!))
    expect(await cachedSnapshot(hub.settings.cache, reference)).toBeUndefined()
  })

  it('more bytes than there should be', async () => {
    const hub = await startHub()
    spoil(hub, 9, ({ response, bytes }) => {
      response.writeHead(200).end(Buffer.concat([bytes, bytes]))
      return true
    })
    await expect(pull(hub)).rejects.toThrow(/more than its \d+ bytes came/)
  })

  it.each([
    ['a web page', '<!DOCTYPE html><title>Sign in</title>', 'this is a web page'],
    ['an LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\n', 'this is a Git LFS pointer'],
  ])('%s in place of weights', async (_, text, message) => {
    const hub = await startHub()
    spoil(hub, 9, ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(text)
      return true
    })
    await expect(pull(hub)).rejects.toMatchObject({
      code: 'hub_not_weights',
      message: expect.stringContaining(message),
    })
    expect(rangesOf(hub)).toHaveLength(1)
  })

  it('a pointer that the repository itself holds', async () => {
    const hub = await startHub()
    hub.files.set(WEIGHTS, Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n'))
    await expect(pull(hub)).rejects.toMatchObject({ code: 'hub_not_weights' })
  })

  it.each(['../evil.safetensors', '/etc/passwd', 'C:\\x.safetensors', 'sub/a.safetensors', 'missing.safetensors'])(
    'an index that names %s',
    async (name) => {
      const hub = await startHub('tests/fixtures/families/llava-bf16-sharded')
      hub.files.set(INDEX, Buffer.from(JSON.stringify({ weight_map: { a: name } })))
      await expect(pull(hub)).rejects.toMatchObject({ code: 'checkpoint_invalid', kind: 'input' })
      expect(hub.seen.filter(({ host }) => host === 'storage')).toEqual([])
    },
  )

  it.each(['../../outside.json', '..\\outside.json', '/outside.json'])('a listed file named %s', async (name) => {
    const hub = await startHub()
    hub.files.set(name, Buffer.from('{}'))
    await expect(pull(hub)).rejects.toMatchObject({
      code: 'checkpoint_invalid',
      message: expect.stringContaining('file names that leave the folder'),
    })
  })

  it('pickles, with what to do', async () => {
    const hub = await startHub()
    hub.files.delete(WEIGHTS)
    await expect(pull(hub)).rejects.toMatchObject({
      code: 'checkpoint_pickle',
      kind: 'input',
      message: expect.stringMatching(/only pickle weights.*\("pytorch_model\.bin"\).*safetensors.*save_pretrained/),
    })
  })

  it('files for other programs, with what to do', async () => {
    const hub = await startHub()
    for (const name of [WEIGHTS, 'pytorch_model.bin']) hub.files.delete(name)
    await expect(pull(hub)).rejects.toMatchObject({
      code: 'checkpoint_format',
      message: expect.stringMatching(
        /only GGUF weights.*\("model-q4.gguf"\); fetch one of them and its mmproj-\*\.gguf.*--model file\.gguf/,
      ),
    })
    hub.files.delete('model-q4.gguf')
    await expect(pull(hub)).rejects.toThrow(/only ONNX graphs.*\("onnx\/model.onnx"\)/)
  })

  it('what the disk has no room for, before it comes', async () => {
    const hub = await startHub()
    const file = {
      type: 'file',
      path: WEIGHTS,
      size: 1,
      oid: '0'.repeat(40),
      lfs: { oid: '1'.repeat(64), size: 2 ** 52 },
    }
    const config = { type: 'file', path: 'config.json', size: hub.files.get('config.json')!.length }
    const entries = [file, { ...config, oid: etagOf('config.json', hub.files.get('config.json')!) }]
    hub.answerApi = (request, response) =>
      request.url!.includes('/tree/') && Boolean(response.writeHead(200).end(JSON.stringify(entries)))
    await expect(pull(hub)).rejects.toMatchObject({
      code: 'disk_full',
      kind: 'resource',
      message: expect.stringMatching(/4503599\.63 GB are still to come and .* GB are free; .*HF_HUB_CACHE/),
    })
    expect(rangesOf(hub)).toEqual([])
  })

  it('a cache that cannot be written', async () => {
    const hub = await startHub()
    const file = join(dirname(hub.settings.cache), 'file')
    writeFileSync(file, '')
    await expect(pull(hub, { settings: { ...hub.settings, cache: join(file, 'hub') } })).rejects.toMatchObject({
      code: 'write_failed',
      kind: 'resource',
      message: expect.stringMatching(/file\/hub.*: it cannot be used \(ENOTDIR\); .*HF_HUB_CACHE/),
    })
  })

  it('what is no model', async () => {
    const hub = await startHub()
    hub.files.delete('config.json')
    await expect(pull(hub)).rejects.toThrow('it holds no config.json')
  })
})
