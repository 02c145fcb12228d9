import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { makeVideo, numbered } from '../../media/video/make-video.ts'
import { fovea, startFovea } from '../fovea.ts'

const folder = mkdtempSync(join(tmpdir(), 'fovea-video-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const clip = 'examples/clip.mp4'
const qwen = ['--model', 'tests/fixtures/families/qwen2-vl', '--max-tokens', '2', '--frame-side', '48']
const mini = ['--max-tokens', '8']
/** Random weights do not end. */
const CUT = 'the answer was cut off after 2 tokens; a larger --max-tokens gives more\n'

describe('fovea ask', () => {
  it.each([
    [
      ['ask', 'examples/scene.png', 'what?', '--frames', '4'],
      '--frames is about videos, and none is given; leave it out',
    ],
    [
      ['count', 'examples/scene.png', 'what?', '--fps', '1', '--end', '2'],
      '--fps, --end are about videos, and none is given; leave them out',
    ],
    [
      ['chat', 'examples/scene.png', '--frame-side', '48'],
      '--frame-side is about videos, and none is given; leave it out',
    ],
    [
      ['forward', 'mini', '--image', 'examples/scene.png', '--prompt', 'what?', '--frames-as-images'],
      '--frames-as-images is about videos, and none is given; leave it out',
    ],
  ])('or another command refuses what only a video has: %j', async (args, message) => {
    const { status, stderr } = await fovea(...args)
    expect({ status, stderr }).toEqual({ status: 2, stderr: `fovea: ${message}, or give what moves with --video\n` })
  })

  it('takes a video for what its content is, and says which frames were seen', async () => {
    const path = join(folder, 'no-name')
    writeFileSync(path, readFileSync(clip))
    const { status, stdout, stderr } = await fovea('ask', path, 'what?', ...qwen)
    expect({ status, stderr }).toEqual({ status: 0, stderr: CUT })
    expect(stdout).toContain(`\n${path}: 8 of 48 frames, 0.00 s to 3.50 s (2 a second)\n`)
    expect(stdout).toMatch(/\n\d+ visual tokens\n$/)
  })

  it('takes as many frames as were asked for, out of a part', async () => {
    const args = ['--frames', '4', '--start', '1', '--end', '3', '--json']
    const { stdout } = await fovea('ask', '--video', clip, 'what?', ...qwen, ...args)
    const { videos } = JSON.parse(stdout)
    expect(videos).toEqual([{ name: clip, frames: 4, of: 48, framesPerSecond: 2, timestamps: [1, 1.5, 2, 2.5] }])
  })

  it('takes frames as images where a model takes no videos, once that was asked for', async () => {
    const [refused, told] = await Promise.all([
      fovea('ask', clip, 'what shape is red?', ...mini),
      fovea('ask', clip, 'what shape is red?', ...mini, '--frames-as-images', '--frames', '1', '--json'),
    ])
    expect(refused.status).toBe(2)
    expect(refused.stderr).toContain('takes no videos; give frames of it as images (--frames-as-images)')
    const { answer, videos } = JSON.parse(told.stdout)
    expect(answer).toMatch(/circle/i)
    expect(videos).toEqual([{ name: clip, frames: 1, of: 48, framesPerSecond: 0.25, timestamps: [0] }])
  })

  it('reads a video from standard input', async () => {
    const { status, stdout } = await startFovea(['ask', '-', 'what?', ...qwen, '--frames', '2'], readFileSync(clip))
      .ended
    expect(status).toBe(0)
    expect(stdout).toContain('\nstandard input: 2 of 48 frames, ')
  })

  it('takes an image from a pipe, which can be read but once', async () => {
    const line = 'cat examples/scene.png | node --import tsx src/cli/main.ts ask /dev/stdin what? --max-tokens 2'
    const { stdout } = await promisify(execFile)('sh', ['-c', line])
    expect(stdout).toMatch(/\n\d+ visual tokens\n$/)
  })

  it('says that an animated image is more than its first frame', async () => {
    const strip = Buffer.concat(numbered(3, 32, 32).map(({ data }) => data))
    const raw = { width: 32, height: 96, channels: 3, pageHeight: 32 } as const
    const path = join(folder, 'moves.gif')
    await sharp(strip, { raw }).gif({ keepDuplicateFrames: true }).toFile(path)
    const [still, moving] = await Promise.all([
      fovea('ask', path, 'what?', ...mini),
      fovea('ask', '--video', path, 'what?', ...mini, '--frames-as-images', '--frames', '3'),
    ])
    expect(still.stderr).toBe(`${path}: the first of 3 frames; for all of them give it as --video\n`)
    expect(moving.stdout).toContain(`${path}: 3 of 3 frames, 0.00 s to 0.20 s`)
  })

  it('compares methods on a video', async () => {
    const { status, stdout } = await fovea(
      'ask',
      clip,
      'what?',
      ...qwen,
      '--frames',
      '2',
      '--compare',
      'dense',
      'random:keep=.5',
    )
    expect(status).toBe(0)
    expect(stdout).toMatch(/^examples\/clip.mp4: 2 of 48 frames/)
    expect(stdout).toContain('\nrandom:keep=0.5')
  })

  it.each([
    [['--fps', '30'], 2, '30 frames per second were asked for, the video has 12'],
    [['--frames', '50'], 2, '50 frames were asked for, the video has 48 in that time'],
    [['--frames', '2', '--fps', '1'], 2, 'frames and fps of a video exclude each other'],
    [['--frames', 'many'], 2, 'It must be a number'],
    [['--start', '60'], 3, 'no frame begins after 60 s'],
  ])('refuses %j', async (args, code, message) => {
    const { status, stderr } = await fovea('ask', clip, 'what?', ...mini, '--frames-as-images', ...args)
    expect([status, stderr]).toEqual([code, expect.stringContaining(message)])
  })

  it('reads what there is of a video that was cut off, and says so', async () => {
    const path = join(folder, 'cut.mp4')
    const whole = await makeVideo({ frames: numbered(40), keyEvery: 0.3 })
    writeFileSync(path, whole.subarray(0, whole.length * 0.7))
    const { status, stderr } = await fovea('ask', path, 'what?', ...mini, '--frames-as-images')
    expect(status).toBe(0)
    expect(stderr).toMatch(/cut.mp4: \d+ of its 40 frames can be decoded; the rest is cut off or damaged\n/)
    const ended = await fovea('ask', path, 'what?', ...mini, '--frames-as-images', '--json')
    const [video] = JSON.parse(ended.stdout).videos
    expect(video.of).toBeLessThan(40)
    expect(video.note).toMatch(/of its 40 frames can be decoded/)
  })
})

describe('fovea forward', () => {
  it('shows a video to a checkpoint', async () => {
    const args = ['--video', clip, '--frames', '4', '--frame-side', '48', '--prompt', 'what?', '--json']
    const { stdout } = await fovea('forward', 'tests/fixtures/families/qwen2-vl', ...args)
    const { videos, visualTokens, inputIds } = JSON.parse(stdout)
    expect(videos[0]).toMatchObject({ frames: 4, of: 48 })
    expect(inputIds.length).toBeGreaterThan(visualTokens)
  })
})

describe('fovea chat', () => {
  it('keeps a video over the turns', async () => {
    const { status, stderr } = await startFovea(
      ['chat', clip, ...qwen, '--frames', '2', '--stats'],
      'what?\nand then?\n',
    ).ended
    expect(status).toBe(0)
    expect(stderr).toMatch(
      /^examples\/clip.mp4: 2 of 48 frames.*\nthe answer was cut off .*\n\d+ visual tokens, 0 cached.*\nthe answer was cut off .*\n\d+ visual tokens, [1-9]/,
    )
  })
})
