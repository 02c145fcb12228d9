/** Videos in containers, in Node. Apart from what reads other forms, because it loads a decoder that few commands need. */
import '@napi-rs/webcodecs/polyfill'
import { BlobSource, BufferSource, FilePathSource, type Source } from 'mediabunny'
import { type OpenOptions, openContainer } from './container.ts'
import type { FrameSource } from './frame-source.ts'
import { type ProbeTask, probe } from './probe.ts'

export const openContainerFile = (path: string, options: OpenOptions): Promise<FrameSource> =>
  open({ content: path, name: path }, () => new FilePathSource(path), options)

export const openContainerBytes = (
  input: Uint8Array | Blob,
  name: string,
  options: OpenOptions,
): Promise<FrameSource> =>
  open(
    { content: input, name },
    () => (input instanceof Blob ? new BlobSource(input) : new BufferSource(input)),
    options,
  )

async function open(task: ProbeTask, source: () => Source, options: OpenOptions): Promise<FrameSource> {
  await probe({ ...task, maxPixels: options.maxPixels }, options.signal)
  return openContainer(source(), task.name, options)
}
