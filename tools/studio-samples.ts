/**
 * Draws the pictures of Fovea World that come with the studio, for servers that cannot draw:
 * `npx tsx tools/studio-samples.ts`. They are those that `/fovea/samples/{number}` gives under the same numbers.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { sample } from '../src/serve/engine/jobs/sample.ts'

const FOLDER = 'studio/public/samples'

/** Of different tasks, without backgrounds of noise, which take much room. */
const NUMBERS = [37, 26, 2, 19, 28, 6]

mkdirSync(FOLDER, { recursive: true })
const samples = await Promise.all(
  NUMBERS.map(async (index) => {
    const { png, ...said } = await sample({ kind: 'sample', index })
    const file = `${index}.png`
    writeFileSync(join(FOLDER, file), await sharp(png).png({ compressionLevel: 9, effort: 10 }).toBuffer())
    return { ...said, file }
  }),
)
writeFileSync(join(FOLDER, 'samples.json'), `${JSON.stringify(samples, undefined, 2)}\n`)
