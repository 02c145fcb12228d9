/**
 * Takes the pictures of docs/studio.md: `npm run studio:pictures`, after `npm run studio:build`. Needs Chromium
 * (`CHROMIUM=...` names another than /usr/bin/chromium).
 */
import { writeFileSync } from 'node:fs'
import { chromium, type Page } from 'playwright-core'
import sharp from 'sharp'
import { createServer } from '../src/serve/server.ts'

const SHOTS = [
  {
    file: 'docs/images/studio-playground.png',
    path: '/playground?sample=26',
    scheme: 'light',
    ready: '.figures',
    height: 1400,
  },
  {
    file: 'docs/images/studio-compare.png',
    path: '/compare?sample=37',
    scheme: 'dark',
    ready: '.outcomes tr:nth-child(5) td:nth-child(3):not(:empty)',
    height: 1000,
  },
] as const

/** Until nothing is asked and all is drawn. */
async function settled(page: Page, ready: string): Promise<void> {
  await page.locator(ready).waitFor({ timeout: 120_000 })
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached', timeout: 120_000 })
  await page.waitForTimeout(500)
}

const server = await createServer({ model: 'mini', port: 0 })
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
try {
  for (const { file, path, scheme, ready, height } of SHOTS) {
    const page = await browser.newPage({
      viewport: { width: 1200, height },
      colorScheme: scheme,
      reducedMotion: 'reduce',
    })
    await page.goto(server.url + path)
    await settled(page, ready)
    const shot = await sharp(await page.screenshot())
      .png({ palette: true, quality: 90, effort: 10 })
      .toBuffer()
    writeFileSync(file, shot)
    console.log(`${file}: ${Math.round(shot.length / 1000)} kB`)
    await page.close()
  }
} finally {
  await browser.close()
  await server.close()
}
