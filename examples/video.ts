/** Asks about frames of a video, one a second: npx tsx examples/video.ts FOLDER QUESTION FRAME... */
import { loadModel, readImage, type Video } from '../src/index.ts'

const [folder, prompt, ...paths] = process.argv.slice(2)
const model = await loadModel(folder) // a LLaVA-OneVision, Qwen2-VL or Qwen2.5-VL
const frames = await Promise.all(paths.map((path) => readImage(path)))
const video: Video = { frames, framesPerSecond: 1 }

const { text, tokens } = await model.generate({ prompt, videos: [video], maxTokens: 32 })
console.log(text)
console.log(`${frames.length} frames became ${tokens.visual.after} visual tokens`)
await model.dispose()
