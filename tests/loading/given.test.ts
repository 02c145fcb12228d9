import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadEmbedder, loadModel, type Model, readImage, readVideo } from '../../src/index.ts'

const path = 'examples/scene.png'
const prompt = 'what color is the star?'
let model: Model
let bytes: Buffer
beforeAll(async () => {
  ;[model, bytes] = await Promise.all([loadModel('mini', { threads: 1 }), readFile(path)])
})
afterAll(() => model.dispose())

/** What the library does with options that its types do not know. */
const generate = (options: unknown) => model.generate(options as Parameters<Model['generate']>[0])

describe('images', () => {
  it.each<[string, () => unknown]>([
    ['a path', () => path],
    ['a list of paths', () => [path]],
    ['a URL', () => pathToFileURL(resolve(path))],
    ['a data URL', () => `data:image/png;base64,${bytes.toString('base64')}`],
    ['a Buffer', () => bytes],
    ['a Blob', () => new Blob([new Uint8Array(bytes)])],
    ['what readImage gives', () => readImage(path)],
  ])('may be given as %s', async (_, images) => {
    expect((await generate({ prompt, images: await images() })).text).toBe('yellow')
  })

  it('may be paths in the parts of messages', async () => {
    const parts = [
      { type: 'image', image: path },
      { type: 'text', text: prompt },
    ]
    expect((await generate({ messages: [{ role: 'user', content: parts }] })).text).toBe('yellow')
  })

  it('may be given to a conversation, by name or by place', async () => {
    for (const about of [{ images: path }, [path], path]) {
      const chat = await model.converse(about)
      expect((await chat.ask(prompt)).text).toBe('yellow')
      await chat.close()
    }
  })

  it('may be given to an embedder', async () => {
    const embedder = await loadEmbedder('tests/fixtures/embeddings/clip', { threads: 1 })
    const [byPath, read] = await Promise.all(
      [path, readImage(path)].map(async (images) => embedder.embed({ images: await images })),
    )
    expect(byPath).toEqual(read)
    await embedder.dispose()
    await expect(embedder.embed({ images: path })).rejects.toMatchObject({
      code: 'model_disposed',
      message: 'this embedder was disposed; load it anew',
    })
  })
})

describe('what is wrong is named', () => {
  const forms = 'what readImage gives, a path, a URL, a Buffer, an ArrayBuffer or a Blob'
  it.each<[options: object, code: string, message: string]>([
    [{ prompt, images: [7] }, 'image_invalid', `generate: images[0] is a number; an image is ${forms}`],
    [{ prompt, images: null }, 'image_invalid', `generate: images[0] is null; an image is ${forms}`],
    [
      { prompt, images: { data: new Uint8Array(4), width: 1, height: 1 } },
      'image_invalid',
      'generate: images[0]: 1x1 needs 3 bytes (RGB), data has 4',
    ],
    [
      { prompt, videos: 'clip.mp4' },
      'video_invalid',
      'generate: videos[0] is a string; a video is what readVideo(path, { sampler: model.frameSampler }) gives',
    ],
    [
      { prompt, method: 'fastv:keep=.5' },
      'option_invalid',
      'generate: method is what parseMethod gives, not "fastv:keep=.5"',
    ],
    [{ prompt: 7 }, 'option_invalid', 'generate: prompt is a string, not a number'],
    [{ messages: 'hello' }, 'option_invalid', 'generate: messages is an object, not "hello"'],
    [{ messages: {} }, 'messages_invalid', 'messages are a list, not an Object'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', image: 7 }] }] },
      'image_invalid',
      `message 1: its image is a number; an image is ${forms}`,
    ],
    [
      { prompt, image: path },
      'option_unknown',
      'generate: there is no option image; there are prompt, messages, images, ',
    ],
    [{ prompt, maxTokens: '4' }, 'option_invalid', 'generate: maxTokens is a number, not "4"'],
  ])('%o', async (options, code, message) => {
    await expect(generate(options)).rejects.toMatchObject({
      code,
      kind: 'usage',
      message: expect.stringContaining(message),
    })
  })

  it('by converse, ask, count, readVideo and loadEmbedder as well', async () => {
    const unknown = (of: string, name: string) => ({
      code: 'option_unknown',
      message: expect.stringContaining(`${of}: there is no option ${name}; there are `),
    })
    const wrong = { image: path } as object
    await expect(model.converse(wrong)).rejects.toMatchObject(unknown('converse', 'image'))
    await expect(model.count({ prompt, ...wrong })).rejects.toMatchObject(unknown('count', 'image'))
    const chat = await model.converse(path)
    await expect(chat.ask(prompt, wrong)).rejects.toMatchObject(unknown('ask', 'image'))
    await expect(chat.ask(7 as unknown as string)).rejects.toMatchObject({ code: 'prompt_invalid' })
    await expect(readVideo('examples/clip.mp4', wrong)).rejects.toMatchObject(unknown('readVideo', 'image'))
    await expect(readVideo(7 as unknown as string)).rejects.toMatchObject({
      code: 'video_invalid',
      message:
        'readVideo: a video is a path, a URL, a Buffer, an ArrayBuffer, a Blob or a list of paths of images, not a number',
    })
    await expect(loadEmbedder('x', wrong)).rejects.toMatchObject(unknown('loadEmbedder', 'image'))
    await expect(loadEmbedder('')).rejects.toMatchObject({
      message: 'loadEmbedder: a model is a folder or org/name, not ""',
    })
  })

  it('after dispose, of model and conversation', async () => {
    const gone = await loadModel('mini', { threads: 1 })
    const chat = await gone.converse(path)
    await gone.dispose()
    const refusal = { code: 'model_disposed', kind: 'usage', message: 'this model was disposed; load it anew' }
    await expect(gone.generate({ prompt })).rejects.toMatchObject(refusal)
    await expect(gone.count({ prompt })).rejects.toMatchObject(refusal)
    await expect(gone.converse(path)).rejects.toMatchObject(refusal)
    await expect(gone.watch()).rejects.toMatchObject(refusal)
    await expect(chat.ask(prompt)).rejects.toMatchObject(refusal)
    await gone.dispose()
  })
})

it('videos are read from file and data URLs', async () => {
  const clip = 'examples/clip.mp4'
  const data = `data:video/mp4;base64,${(await readFile(clip)).toString('base64')}`
  const options = { frames: 2, frameSide: 64 }
  const [expected, ...others] = await Promise.all(
    [clip, pathToFileURL(resolve(clip)), pathToFileURL(resolve(clip)).href, data].map((input) =>
      readVideo(input, options),
    ),
  )
  for (const { frames } of others) expect(frames).toEqual(expected.frames)
})
