import type { Backend } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'

/** An engine that notes of how many views each run of a vision program was. */
export function countingBackend(): Backend & { readonly views: number[] } {
  const backend = new NodeBackend()
  const views: number[] = []
  return {
    device: backend.device,
    views,
    load: async (model, options) => {
      const session = await backend.load(model, options)
      return {
        run: (feeds, how) => {
          const { pixels } = feeds
          if (pixels && !('resident' in pixels)) views.push(pixels.dims[0])
          return session.run(feeds, how)
        },
        write: (values) => session.write(values),
        read: (keys) => session.read(keys),
        truncate: (rows) => session.truncate(rows),
        forget: (keys) => session.forget(keys),
        release: () => session.release(),
      }
    },
    dispose: () => backend.dispose(),
  }
}
