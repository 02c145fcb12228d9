/** Where the hub is, where its cache lies, and who asks: the environment variables of the Hugging Face libraries. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { assertArgument, FoveaError } from '../errors.ts'
import { type Proxies, proxiesOf } from './proxy.ts'

export interface HubSettings {
  /** Without a slash at the end. */
  readonly endpoint: string
  /** The folder that holds `models--org--name`. */
  readonly cache: string
  readonly token?: string
  readonly offline: boolean
  /** After so many milliseconds without a byte a transfer is taken up again. */
  readonly idleMs: number
  /** The first wait before another attempt; each further one waits twice as long. */
  readonly retryMs: number
  /** Absent: the hub is asked directly. */
  readonly proxies?: Proxies
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Settings from the environment: HF_ENDPOINT, HF_HUB_CACHE or HF_HOME, HF_TOKEN or the token file that
 * `hf auth login` writes, HF_HUB_OFFLINE, HF_HUB_DOWNLOAD_TIMEOUT (seconds), HTTPS_PROXY, HTTP_PROXY and NO_PROXY. An empty
 * variable counts as absent.
 * @throws FoveaError kind `usage`, `setting_invalid`
 */
export function hubSettings(env: Environment = process.env): HubSettings {
  assertArgument('settings', 'the environment', env, 'object')
  const home = folderOf(env.HF_HOME) ?? join(folderOf(env.XDG_CACHE_HOME) ?? join(homedir(), '.cache'), 'huggingface')
  return {
    endpoint: endpointOf(env.HF_ENDPOINT || 'https://huggingface.co'),
    cache: folderOf(env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE) ?? join(home, 'hub'),
    token: tokenOf(env, home),
    offline: [env.HF_HUB_OFFLINE, env.TRANSFORMERS_OFFLINE].some((value) => /^(1|true|yes|on)$/i.test(value ?? '')),
    idleMs: 1000 * seconds(env.HF_HUB_DOWNLOAD_TIMEOUT || '10'),
    retryMs: 500,
    proxies: proxiesOf(env),
  }
}

const invalid = (message: string): FoveaError => new FoveaError('setting_invalid', 'usage', message)

function folderOf(path: string | undefined): string | undefined {
  return path ? resolve(path.replace(/^~(?=$|[/\\])/, homedir())) : undefined
}

function endpointOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash)
    return text.replace(/\/+$/, '')
  const shown = JSON.stringify(text.replace(/\/\/[^/]*@/, '//...@').slice(0, 200))
  throw invalid(`HF_ENDPOINT is ${shown}; it must be an address such as https://huggingface.co, without a password`)
}

function seconds(text: string): number {
  const value = Number(text)
  if (value > 0 && value < 2 ** 21) return value
  throw invalid(`HF_HUB_DOWNLOAD_TIMEOUT is ${JSON.stringify(text)}; it must be a number of seconds above 0`)
}

function tokenOf(env: Environment, home: string): string | undefined {
  const token = (
    env.HF_TOKEN ||
    env.HUGGING_FACE_HUB_TOKEN ||
    readToken(env.HF_TOKEN_PATH || join(home, 'token'))
  )?.trim()
  if (token && !/^[\x21-\x7e]+$/.test(token)) throw invalid('the Hugging Face token (HF_TOKEN) holds odd characters')
  return token || undefined
}

function readToken(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // most people have none
  }
}
