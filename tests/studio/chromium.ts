/** The studio as it is used: built, served by a real server, in a real Chromium. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { serving } from '../serve/serving.ts'
import { buildStudio } from './build.ts'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = PLACES.find((path) => existsSync(path))

/** Tests of pages are skipped where it is missing: `apt-get install chromium`. */
export const hasChromium = executablePath !== undefined
if (!hasChromium) console.warn('no Chromium here (apt-get install chromium): tests of the studio are skipped')

/** What the server asks for; pages are opened with it unless they are to ask. */
export const KEY = 'a-key-of-the-tests'

/** Serves the studio as it is built now, to the tests of a file. */
export async function studio() {
  const folder = await mkdtemp(join(tmpdir(), 'fovea-studio-'))
  if (hasChromium) await buildStudio(folder)
  const site = serving({ studio: folder, key: KEY })
  let browser: Browser
  beforeAll(async () => {
    if (hasChromium) browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  })
  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    site,
    folder,
    /** A page at an address; `complaints` are what its console and scripts say that they should not. */
    async open(
      path: string,
      { base = site.server.url, key = KEY, ...more }: BrowserContextOptions & { base?: string; key?: string } = {},
    ) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...more })
      page.setDefaultTimeout(15_000)
      const complaints: string[] = []
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
      page.on('pageerror', ({ message }) => complaints.push(message))
      page.on('request', (request) => {
        const url = new URL(request.url())
        if (/^https?:$/.test(url.protocol) && url.origin !== new URL(base).origin) complaints.push(`asked ${url}`)
      })
      await page.addInitScript((text) => text && sessionStorage.setItem('fovea-key', text), key)
      await page.goto(base + path)
      return { page, complaints }
    },
  }
}

/** Drops a file on the place for pictures. */
export async function dropFile(page: Page, name: string, bytes: Uint8Array, type = ''): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([text, file, kind]) => {
      const data = new DataTransfer()
      const content = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
      data.items.add(new File([content], file, { type: kind }))
      return data
    },
    [Buffer.from(bytes).toString('base64'), name, type] as const,
  )
  await page.dispatchEvent('.stage', 'drop', { dataTransfer: transfer })
}

/** What becomes so while a page goes on. */
export const soon = <T>(find: () => T) => expect.poll(find, { timeout: 20_000 })

/** Waits until the answer is there, and gives it. */
export async function answered(page: Page): Promise<string> {
  await soon(() => page.locator('.figures').count()).toBe(1)
  await page.locator('.answer[aria-busy=false]').waitFor()
  return (await page.locator('.answer .said').textContent())!
}
