import { describe, expect, it } from 'vitest'
import { pullModel } from '../../src/hub/pull.ts'
import { describeRemote, fetchRange } from '../../src/hub/remote.ts'
import { resolveModel } from '../../src/hub/resolve.ts'
import { type FakeHub, fail, ID, startHub } from './fake-hub.ts'

const reference = { id: ID, revision: 'main' }
const describeIt = (hub: FakeHub, revision = 'main') => describeRemote(hub.settings, { id: ID, revision })

/** Answers the first `times` questions to the API with a status. */
function failApi(hub: FakeHub, times: number, status: number, headers: Record<string, string> = {}, code = ''): void {
  let left = times
  hub.answerApi = (_, response) => {
    if (left-- <= 0) return false
    fail(response, status, code, headers)
    return true
  }
}

describe('statuses of the hub', () => {
  it.each([
    [401, '', /no such model at .* \(401\), no token was sent; check the spelling; if it is gated, .*HF_TOKEN/],
    [
      403,
      'GatedRepo',
      /refused \(403\), no token was sent; if it is gated, accept its terms at http.*\/fovea-tests\/tiny/,
    ],
    [404, 'RepoNotFound', /there is no such folder here, and no such model at http.*\(404\)/],
    [404, 'RevisionNotFound', /it has no revision "main"; see http/],
    [418, '', /answered with status 418/],
  ])('%i %s says what to do', async (status, code, message) => {
    const hub = await startHub()
    failApi(hub, 9, status, {}, code)
    await expect(describeIt(hub)).rejects.toMatchObject({ kind: 'network', message: expect.stringMatching(message) })
    expect(hub.seen).toHaveLength(1)
  })

  it('says so where a token was sent', async () => {
    const hub = await startHub()
    failApi(hub, 1, 403)
    const settings = { ...hub.settings, token: 'hf_x' }
    await expect(describeRemote(settings, reference)).rejects.toThrow('the token does not allow it')
  })

  it.each([408, 429, 500, 502, 503, 504])('%i is tried again, a few times', async (status) => {
    const hub = await startHub()
    failApi(hub, 3, status)
    expect((await describeIt(hub)).commit).toBe(hub.commit())
    failApi(hub, 9, status)
    await expect(describeIt(hub)).rejects.toMatchObject({
      code: 'hub_unreachable',
      message: expect.stringContaining(`status ${status} (4 attempts)`),
    })
  })

  it('does not wait for an hour', async () => {
    const hub = await startHub()
    failApi(hub, 9, 429, { 'retry-after': '3600' })
    await expect(describeIt(hub)).rejects.toThrow('asks to come back in 3600 s')
    expect(hub.seen).toHaveLength(1)
  })

  it('waits as long as it is asked to, and ends the wait when aborted', async () => {
    const hub = await startHub()
    failApi(hub, 9, 503, { 'retry-after': '30' })
    const controller = new AbortController()
    const pulling = pullModel(reference, { settings: hub.settings, signal: controller.signal })
    setTimeout(() => controller.abort(), 100)
    await expect(pulling).rejects.toMatchObject({ name: 'AbortError' })
    expect(hub.seen).toHaveLength(1)
  })
})

describe('answers that are none', () => {
  it.each([
    ['a login page', '<html>sign in</html>', /did not answer as the hub does; a proxy or a login page/],
    ['broken JSON', '{"sha":', /the hub's answer cannot be read/],
    ['no commit', '{"sha":"../../x"}', /the hub named no commit/],
  ])('%s', async (_, text, message) => {
    const hub = await startHub()
    hub.answerApi = (_, response) => Boolean(response.writeHead(200).end(text))
    await expect(describeIt(hub)).rejects.toMatchObject({
      code: 'hub_answer_invalid',
      message: expect.stringMatching(message),
    })
  })

  it.each([
    ['a hash that is a path', { oid: '../../../x' }],
    ['no size', { size: -1 }],
    ['an endless size', { size: 1e300 }],
  ])('a list with %s', async (_, fault) => {
    const hub = await startHub()
    const file = { type: 'file', path: 'model.safetensors', size: 5, oid: '0'.repeat(40) }
    hub.answerApi = (request, response) =>
      request.url!.includes('/tree/') && Boolean(response.writeHead(200).end(JSON.stringify([{ ...file, ...fault }])))
    await expect(describeIt(hub)).rejects.toThrow('the hub gives no hash and size of "model.safetensors"')
  })

  it('a list with a config of a terabyte', async () => {
    const hub = await startHub()
    const [weights, config] = ['model.safetensors', 'config.json'].map((path) => ({ type: 'file', path, size: 1e12 }))
    const entries = [weights, config].map((entry) => ({ ...entry, oid: '0'.repeat(40) }))
    hub.answerApi = (request, response) =>
      request.url!.includes('/tree/') && Boolean(response.writeHead(200).end(JSON.stringify(entries)))
    await expect(describeIt(hub)).rejects.toThrow('config.json: 1000000000000 bytes; the limit is 100000000')
  })

  it('a list without end', async () => {
    const hub = await startHub()
    const names = Array.from({ length: 10_001 }, (_, at) => ({ type: 'file', path: `${at}`, size: 1, oid: '0' }))
    const link = `<${hub.endpoint}/api/models/${ID}/tree/next>; rel="next"`
    hub.answerApi = (request, response) =>
      request.url!.includes('/tree/') && Boolean(response.writeHead(200, { link }).end(JSON.stringify(names)))
    await expect(describeIt(hub)).rejects.toThrow('more than 20000 files')
  })

  it('nobody there', async () => {
    const hub = await startHub()
    const settings = { ...hub.settings, endpoint: 'http://127.0.0.1:9' }
    await expect(describeRemote(settings, reference)).rejects.toMatchObject({
      code: 'hub_unreachable',
      message: expect.stringMatching(/http:\/\/127\.0\.0\.1:9: the connection failed: .*HF_HUB_OFFLINE=1/),
    })
  })
})

describe('redirects', () => {
  it('do not take the token to another host', async () => {
    const hub = await startHub()
    await pullModel(reference, { settings: { ...hub.settings, token: 'hf_secret' } })
    const sent = (host: string) =>
      new Set(hub.seen.filter((seen) => seen.host === host).map((seen) => seen.authorization))
    expect(sent('hub')).toEqual(new Set(['Bearer hf_secret']))
    expect(sent('storage')).toEqual(new Set([undefined]))
  })

  it.each([
    ['in a circle', (url: string) => url, 'more than 5 redirects'],
    ['to a file', () => 'file:///etc/passwd', 'redirects to an address that is refused: file:///etc/passwd'],
    ['with a password', () => 'http://a:b@127.0.0.1/', 'redirects to an address that is refused'],
  ])('%s are refused', async (_, target, message) => {
    const hub = await startHub()
    const model = await describeIt(hub)
    hub.misbehave = ({ request, response }) =>
      Boolean(response.writeHead(302, { location: target(request.url!) }).end())
    const read = fetchRange(hub.settings, model, model.files[0], [0, 10])
    await expect(read).rejects.toMatchObject({ code: 'hub_redirect', message: expect.stringContaining(message) })
  })

  it('within the hub are followed, as for a model that was renamed', async () => {
    const hub = await startHub()
    hub.answerApi = (request, response) => {
      if (!request.url!.startsWith('/api/models/old/')) return false
      return Boolean(response.writeHead(307, { location: request.url!.replace('old/name', ID) }).end())
    }
    const settings = { ...hub.settings, token: 'hf_x' }
    expect((await describeRemote(settings, { id: 'old/name', revision: 'main' })).commit).toBe(hub.commit())
    expect(new Set(hub.seen.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer hf_x']))
  })
})

describe('a name of a model', () => {
  it('is a folder where there is one', async () => {
    expect(await resolveModel('models/fovea-mini')).toBe('models/fovea-mini')
    await expect(resolveModel('models/fovea-mini', { revision: 'v1' })).rejects.toMatchObject({ kind: 'usage' })
  })

  it.each(['nowhere', './a/b', 'a/b/c', '../up', 'a--b/c', 'README.md'])('cannot be %s', async (name) => {
    await expect(resolveModel(name)).rejects.toMatchObject({
      code: 'model_missing',
      message: expect.stringContaining('a model is mini, a folder, or org/name of the hub'),
    })
  })

  it('is fetched once, and then found without asking the hub', async () => {
    const hub = await startHub()
    const folder = await resolveModel(ID, { settings: hub.settings })
    hub.seen.length = 0
    for (const settings of [hub.settings, { ...hub.settings, offline: true }]) {
      expect(await resolveModel(ID, { settings })).toBe(folder)
      expect(await resolveModel(`${ID}@${hub.commit()}`, { settings })).toBe(folder)
    }
    expect(hub.seen).toEqual([])
  })

  it('takes branches, tags and pull requests', async () => {
    const hub = await startHub()
    const { settings } = hub
    const folder = await resolveModel(`${ID}@v1`, { settings })
    expect(await resolveModel(ID, { settings, revision: 'refs/pr/1' })).toBe(folder)
    expect(await resolveModel(`${ID}@refs/pr/1`, { settings: { ...settings, offline: true } })).toBe(folder)
    await expect(resolveModel(`${ID}@v2`, { settings })).rejects.toThrow('it has no revision "v2"')
  })

  it('is not fetched offline', async () => {
    const hub = await startHub()
    await expect(resolveModel(ID, { settings: { ...hub.settings, offline: true } })).rejects.toMatchObject({
      code: 'hub_offline',
      kind: 'network',
      message: expect.stringContaining(`run fovea models pull ${ID}`),
    })
    expect(hub.seen).toEqual([])
  })
})
