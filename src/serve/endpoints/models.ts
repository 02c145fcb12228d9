import { endpoint } from '../endpoint.ts'
import type { Site } from '../site.ts'

/** What a model is and takes. */
function card(site: Site) {
  const { family, contextLength, maxImages, methods, embeds } = site.engine.model
  return {
    id: site.modelId,
    object: 'model',
    created: site.created,
    owned_by: 'fovea',
    ...(contextLength !== undefined && { max_model_len: contextLength }),
    architecture: {
      family,
      modality: 'text+image->text',
      input_modalities: ['text', 'image'],
      output_modalities: ['text'],
    },
    fovea: { methods: ['dense', ...methods], max_images: maxImages ?? null, embeds },
  }
}

export const models = endpoint({
  method: 'GET',
  url: '/v1/models',
  summary: 'The model that is served, what it takes, and the methods that it runs under',
  handle: async (site) => ({ object: 'list', data: [card(site)] }),
})

export const model = endpoint({
  method: 'GET',
  url: '/v1/models/:id',
  summary: 'The same of one model',
  handle: async (site, { params }) => {
    site.assertModel(params.id)
    return card(site)
  },
})
