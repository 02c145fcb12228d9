/** Writers of hostile video files, one per abuse. */
import { BufferSource, EncodedPacketSink, Input, MP4, WEBM } from 'mediabunny'
import { makeMasked, makeSound, makeVideo, paint } from '../media/video/make-video.ts'

export interface HostileVideo {
  readonly name: string
  readonly code: string
  readonly write: () => Promise<Uint8Array> | Uint8Array
}

/** Frames that cannot be guessed from those before. */
const frames = Array.from({ length: 40 }, (_, index) =>
  paint(64, 48, (x, y) => [
    (x * 37 + index * 91) % 256,
    (y * 53 + index * index * 7) % 256,
    (x * y + 40 * index) % 256,
  ]),
)
const mp4 = () => makeVideo({ frames, keyEvery: 1 })
const webm = () => makeVideo({ codec: 'vp9', container: 'webm', frames, keyEvery: 1 })
const text = (content: string) => () => new TextEncoder().encode(content)

async function cut(write: () => Promise<Uint8Array>, share: number): Promise<Uint8Array> {
  const bytes = await write()
  return bytes.slice(0, Math.floor(bytes.length * share))
}

/** The coded frames at these places are overwritten; the container stays as it is. */
async function withNoise(write: () => Promise<Uint8Array>, ...places: number[]): Promise<Uint8Array> {
  const bytes = await write()
  const input = new Input({ source: new BufferSource(bytes), formats: [MP4, WEBM] })
  const track = await input.getPrimaryVideoTrack()
  const out = bytes.slice()
  let at = 0
  for await (const { data } of new EncodedPacketSink(track!).packets()) {
    const start = Buffer.from(bytes).indexOf(data)
    if (places.includes(at++)) for (let i = 5; i < data.length; i++) out[start + i] ^= 0xa5
  }
  return out
}

/** Bytes to put behind a place where a box or a name begins: its last place, where the name of a codec stands in a list too. */
type Patch = readonly [name: string, offset: number, values: readonly number[]]

async function patched(...patches: readonly Patch[]): Promise<Uint8Array> {
  const bytes = (await mp4()).slice()
  for (const [name, offset, values] of patches)
    bytes.set(values, Buffer.from(bytes).lastIndexOf(name, undefined, 'latin1') + offset)
  return bytes
}

/** A file that ends before the first frames. */
async function withoutFrames(): Promise<Uint8Array> {
  const bytes = await webm()
  return bytes.slice(0, Buffer.from(bytes).indexOf(Uint8Array.of(0x1f, 0x43, 0xb6, 0x75)))
}

const MOST = [255, 255, 255, 255]
/** Tables of forty bytes that state four billion frames of one byte each. */
const FOUR_BILLION: readonly Patch[] = [
  ['stsz', 8, [0, 0, 0, 1, ...MOST]],
  ['stts', 12, MOST],
  ['stsc', 16, MOST],
]

/** Videos of which a part can be read. */
export const DAMAGED_VIDEOS: readonly Omit<HostileVideo, 'code'>[] = [
  { name: 'MP4 cut in its frames', write: () => cut(mp4, 0.7) },
  { name: 'WebM cut in its frames', write: () => cut(webm, 0.5) },
  { name: 'MP4 with a damaged frame', write: () => withNoise(mp4, 3) },
  { name: 'MP4 with damaged frames in the middle', write: () => withNoise(mp4, 20, 21, 22) },
  { name: 'WebM with a damaged frame', write: () => withNoise(webm, 23) },
]

export const HOSTILE_VIDEOS: readonly HostileVideo[] = [
  { name: 'empty file', code: 'video_unreadable', write: () => new Uint8Array() },
  { name: 'text', code: 'unsupported_media', write: text('a film about text, told in text') },
  { name: 'HTML page', code: 'unsupported_media', write: text('<!doctype html><title>Sign in</title>') },
  { name: 'playlist', code: 'unsupported_media', write: text('#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:9,\n/etc/passwd\n') },
  { name: 'AVI', code: 'unsupported_media', write: text('RIFF\0\0\0\0AVI LIST') },
  { name: 'sound alone', code: 'video_no_picture', write: makeSound },
  { name: 'MP4 magic and nothing else', code: 'video_no_picture', write: text('\0\0\0\x18ftypmp42\0\0\0\0mp42isom') },
  { name: 'MP4 without its tables', code: 'video_no_picture', write: () => cut(mp4, 0.002) },
  { name: 'MP4 whose first frame is damaged', code: 'video_damaged', write: () => withNoise(mp4, 0) },
  { name: 'WebM cut in its header', code: 'video_no_picture', write: () => cut(webm, 0.002) },
  { name: '65535 x 65535 pixels', code: 'video_too_large', write: () => patched(['avc1', 28, MOST]) },
  { name: 'zero width', code: 'video_unreadable', write: () => patched(['avc1', 28, [0, 0]]) },
  { name: 'an unknown codec', code: 'video_codec', write: () => patched(['avc1', 0, [122, 122, 122, 49]]) },
  { name: 'a mask for each frame', code: 'video_codec', write: makeMasked },
  { name: 'four billion frames', code: 'video_too_long', write: () => patched(...FOUR_BILLION) },
  { name: 'a table of four billion entries', code: 'video_unreadable', write: () => patched(['stsc', 8, MOST]) },
  { name: 'zero frames', code: 'video_empty', write: withoutFrames },
]
