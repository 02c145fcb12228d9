/** Asks about a video: npx tsx examples/video.ts FOLDER QUESTION FILE [FRAMES] */
import { loadModel, readVideo } from '../src/index.ts'

const [folder, prompt, path, count] = process.argv.slice(2)
const model = await loadModel(folder) // a LLaVA-OneVision, Qwen2-VL, Qwen2.5-VL, SmolVLM2 or InternVL
// As many frames as were asked for, or those that the model's own processor would take.
const frames = count === undefined ? undefined : Number(count)
const video = await readVideo(path, { frames, sampler: model.frameSampler })

const { text, tokens } = await model.generate({ prompt, videos: [video], maxTokens: 32 })
console.log(text)
console.log(`${video.frames.length} of ${video.source!.frames} frames became ${tokens.visual.after} visual tokens`)
await model.dispose()
