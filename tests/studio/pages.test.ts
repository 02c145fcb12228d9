import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { answered, dropFile, hasChromium, KEY, soon, studio } from './chromium.ts'
import { cutProxy } from './cut-proxy.ts'

const { open, site } = await studio()
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Finding {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string }[]
}

declare const axe: { run(options: object): Promise<{ violations: readonly Finding[] }> }

/** Serious findings of axe, each with the place of the first; of some of its rules only where they are named. */
async function findings(page: Page, ...rules: string[]): Promise<string[]> {
  await page.evaluate(axeSource)
  const { violations } = await page.evaluate((names) => {
    const runOnly = names.length > 0 ? { runOnly: names } : {}
    return axe.run({ resultTypes: ['violations'], ...runOnly })
  }, rules)
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes: [{ html }] }) => `${id}: ${html}`)
}

const VIEWS: readonly [name: string, path: string, ready: string][] = [
  ['the papers', '/papers?kind=compute', '.row article'],
  ['a paper', '/papers/lora', '.figures'],
  ['a paper that is only described', '/papers/liquid', '.head'],
  ['the playground', '/playground', '.figures'],
  ['the comparison', '/compare', '.outcomes tbody tr:nth-child(5) td:nth-child(3):not(:empty)'],
  ['no page', '/papers/none-of-this', 'h1'],
]

describe.skipIf(!hasChromium)('the studio in Chromium', () => {
  it.each(VIEWS)('shows %s without complaints, in the dark and on a phone', async (name, path, ready) => {
    const { page, complaints } = await open(path, { colorScheme: 'light' })
    await page.locator(ready).first().waitFor()
    expect(await findings(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await findings(page, 'color-contrast')).toEqual([])
    await page.setViewportSize({ width: 390, height: 844 })
    await soon(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
    expect(complaints.filter((text) => name !== 'no page' || !text.includes('404'))).toEqual([])
    await page.close()
  })

  it('finds papers, and the address says which', async () => {
    const { page } = await open('/papers')
    await page.locator('.row article').first().waitFor()
    await page.getByLabel('Search').fill('pyramid')
    await page.getByLabel('Kind').selectOption('reducer')
    await soon(() => page.locator('.row h2').allTextContents()).toContain('PyramidDrop')
    expect(new URL(page.url()).search).toBe('?q=pyramid&kind=reducer')
    await page.reload()
    await soon(() => page.locator('.row h2').allTextContents()).toContain('PyramidDrop')
    await page.getByLabel('Search').fill('<img src=x onerror=alert(1)>')
    await page.getByText('Nothing fits').waitFor()
    await page.close()
  })

  it('runs a reducer to its end, and goes back through the layers', async () => {
    const { page } = await open('/papers/pyramiddrop?sample=2')
    expect(await answered(page)).toBe('cross')
    await page.getByText('That is right.').waitFor()
    const picture = () => page.locator('.frame canvas').getAttribute('aria-label')
    expect(await picture()).toMatch(/of 144 patches 36 kept, 0 merged, 108 dropped/)
    const slider = page.locator('.layers input')
    await slider.focus()
    await page.keyboard.press('Home')
    await soon(picture).toMatch(/of 144 patches 144 kept/)
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await soon(picture).toMatch(/of 144 patches 91 kept, 0 merged, 53 dropped/)
    expect(new URL(page.url()).searchParams.get('stop')).toBe('3')
    expect(await page.locator('.sankey svg').getAttribute('aria-label')).toContain('layer 1 144, layer 2 91')
    await page.close()
  })

  it('asks by keys alone, and answers anew where an option is another', async () => {
    const { page } = await open('/playground?sample=2&method=divprune:keep=0.25')
    await answered(page)
    await page.getByLabel('Question').focus()
    await page.keyboard.press('Control+A')
    await page.keyboard.type('how many green objects are there?')
    await page.keyboard.press('Enter')
    await soon(() => new URL(page.url()).searchParams.get('q')).toBe('how many green objects are there?')
    await soon(() => page.locator('.answer .said').textContent()).toMatch(/^\d+$/)
    const keep = page.getByRole('slider', { name: 'keep' })
    await keep.focus()
    await page.keyboard.press('End')
    await soon(() => page.locator('.frame canvas').getAttribute('aria-label')).toContain('144 kept')
    expect(new URL(page.url()).searchParams.get('method')).toBe('divprune:keep=1')
    await page.close()
  })

  it('goes by keys from the skip link to a paper', async () => {
    const { page } = await open('/papers')
    await page.locator('.row article').first().waitFor()
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.className)).toBe('skip')
    await page.locator('.row h2 a').first().focus()
    await page.keyboard.press('Enter')
    await page.getByText('Claim beside measurement').waitFor()
    await page.goBack()
    await page.locator('.row article').first().waitFor()
    await page.close()
  })

  it('says in a sentence what is wrong with a file, and keeps what was there', async () => {
    const { page, complaints } = await open('/playground?sample=2')
    const said = await answered(page)
    const notice = page.locator('.stage .notice')
    const png = await sharp({ create: { width: 60, height: 40, channels: 3, background: '#d22' } })
      .png()
      .toBuffer()
    const cases: [string, Uint8Array, RegExp][] = [
      ['broken.png', png.subarray(0, 60), /^broken\.png cannot be opened: it is broken/],
      ['setup.exe', Buffer.from('MZ\x90\0 this is no picture'), /^setup\.exe is no picture: PNG, JPEG, WebP and GIF/],
      ['<b>bold</b>.txt', Buffer.from('<script>alert(1)</script>'), /^<b>bold<\/b>\.txt is no picture/],
      ['bomb.png', hugePng(20_000, 20_000), /^bomb\.png has 400\.0 megapixels; up to 150/],
    ]
    for (const [name, bytes, sentence] of cases) {
      await dropFile(page, name, bytes)
      await soon(() => notice.textContent()).toMatch(sentence)
    }
    expect(await page.locator('.answer .said').textContent()).toBe(said)
    expect([await page.locator('.figures').count(), complaints]).toEqual([1, []])
    await dropFile(page, 'red.png', png, 'image/png')
    await soon(() => new URL(page.url()).searchParams.get('image')).toMatch(/^[0-9a-f]{12}$/)
    await soon(() => page.locator('.frame canvas').getAttribute('aria-label')).toMatch(/^red\.png/)
    await soon(() => notice.count()).toBe(0)
    await page.close()
  })

  it('scales a photo of 60 megapixels and says so', async () => {
    const { page } = await open('/playground?sample=2')
    await answered(page)
    const photo = await sharp({ create: { width: 10_000, height: 6000, channels: 3, background: '#269' } })
      .jpeg()
      .toBuffer()
    await dropFile(page, 'photo.jpg', photo, 'image/jpeg')
    await page.getByText('photo.jpg has 60.0 megapixels; it was scaled to 12.0 megapixels').waitFor()
    await page.close()
  })

  it('keeps what was said where the server goes away in the middle of an answer', async () => {
    const proxy = await cutProxy(site.server.url)
    const { page } = await open('/playground?sample=2&method=dense', { base: proxy.url })
    await page.getByText('The server went away in the middle of the answer').waitFor()
    expect(await page.locator('.answer .said').textContent()).not.toBe('')
    expect(await page.getByLabel('Question').inputValue()).toContain('green object')
    await page.close()
    proxy.close()
  })

  it('compares methods, and takes one from the plot', async () => {
    const { page } = await open('/compare?sample=37')
    await soon(() => page.locator('.outcomes .said').allTextContents()).toEqual([
      'UFAQA',
      'UPANA',
      'ITA',
      'UFAQA',
      'UFAQA',
    ])
    await page.getByRole('button', { name: /^dart/ }).click()
    await soon(() => new URL(page.url()).searchParams.getAll('m')).toEqual([
      'dense',
      'resize:keep=0.25',
      'random:keep=0.25',
      'dart:keep=0.25',
    ])
    await soon(() => page.locator('.outcomes tbody tr').count()).toBe(4)
    await page.getByRole('button', { name: 'Remove random' }).click()
    await soon(() => page.locator('.card:not(.add)').count()).toBe(3)
    await page.close()
  })

  it('asks for the key where the server does, and says that a wrong one is wrong', async () => {
    const { page } = await open('/papers/fastv', { key: '' })
    await page.getByLabel('Key').fill('not-the-key-at-all')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('That one was not it.').waitFor()
    await page.getByLabel('Key').fill(KEY)
    await page.keyboard.press('Enter')
    await page.getByText('Claim beside measurement').waitFor()
    await page.close()
  })

  it('shows the samples that come with it where the server cannot draw', async () => {
    const { page } = await open('/papers', {})
    const missing = { error: { code: 'package_missing', message: 'drawing needs @napi-rs/canvas' } }
    await page.route('**/fovea/samples/*', (route) => route.fulfill({ status: 501, json: missing }))
    await page.getByRole('link', { name: 'Playground' }).click()
    expect(await answered(page)).not.toBe('')
    expect(await page.locator('.stage .notice').count()).toBe(0)
    await page.close()
  })

  it('remembers whether it is light or dark', async () => {
    const { page } = await open('/papers', { colorScheme: 'light' })
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const light = await paper()
    await page.getByRole('button', { name: 'Switch to dark' }).click()
    const dark = await paper()
    expect(dark).not.toBe(light)
    await page.reload()
    expect(await paper()).toBe(dark)
    await page.close()
  })
})

/** The beginning of a PNG that claims to be so large. */
function hugePng(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(64)
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(bytes)
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return bytes
}
