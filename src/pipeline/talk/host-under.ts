import type { Method } from '../method/method.ts'
import type { Host } from './host.ts'
import { partsUnder } from './parts-under.ts'

/** The same host, with what conversations under a method read. */
export const hostUnder = (host: Host, method: Method): Host => ({
  parts: partsUnder(host.parts, method),
  prefixes: host.prefixes,
  assertOpen: () => host.assertOpen(),
  prepare: (image, look) => host.prepare(image, look),
  prepareVideo: (video, look) => host.prepareVideo(video, look),
  encodePictures: (pictures) => host.encodePictures(pictures),
  holdLanguage: (held) => host.holdLanguage(held),
})
