/** Videos in containers, in Node. Apart from what reads other forms, because it loads a decoder that few commands need. */
import '@napi-rs/webcodecs/polyfill'
import { BlobSource, BufferSource, FilePathSource } from 'mediabunny'
import { type OpenOptions, openContainer } from './container.ts'
import type { FrameSource } from './frame-source.ts'

export const openContainerFile = (path: string, options: OpenOptions): Promise<FrameSource> =>
  openContainer(new FilePathSource(path), path, options)

export const openContainerBytes = (
  input: Uint8Array | Blob,
  name: string,
  options: OpenOptions,
): Promise<FrameSource> =>
  openContainer(input instanceof Blob ? new BlobSource(input) : new BufferSource(input), name, options)
