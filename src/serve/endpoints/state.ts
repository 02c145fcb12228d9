/** What those who look after the server ask. */
import { endpoint } from '../endpoint.ts'
import { LIMITS } from '../limits.ts'

export const health = endpoint({
  method: 'GET',
  url: '/health',
  isOpen: true,
  summary: 'Whether the model is there: 200, or 503 while it is loaded',
  handle: async (site, { reply }) => {
    if (site.engine.isReady) return { status: 'ok' }
    void reply!.code(503).header('retry-after', '5')
    return { status: 'loading' }
  },
})

export const props = endpoint({
  method: 'GET',
  url: '/props',
  summary: 'Modalities, limits and methods',
  handle: async (site) => {
    const { contextLength, methods, family } = site.engine.model
    return {
      model: site.modelId,
      family,
      modalities: { vision: true, video: false, audio: false },
      n_ctx: contextLength ?? null,
      methods: ['dense', ...methods],
      limits: {
        images: LIMITS.images,
        image_bytes: LIMITS.imageBytes,
        image_pixels: LIMITS.imagePixels,
        body_bytes: LIMITS.bodyBytes,
      },
    }
  },
})

export const metrics = endpoint({
  method: 'GET',
  url: '/metrics',
  summary: 'Measures for Prometheus, under the names of vLLM',
  handle: async (site, { reply }) => {
    void reply!.header('content-type', site.metrics.registry.contentType)
    return site.metrics.registry.metrics()
  },
})
