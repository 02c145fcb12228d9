import { z } from 'zod'
import { version } from '../../hub/package-root.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'

/** The document of all endpoints, made of what they are declared with. */
export const openApi = (all: readonly Endpoint[]): Endpoint => {
  const document = {
    openapi: '3.1.0',
    info: { title: 'Fovea', version, description: 'Questions about images, answered by a local model' },
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    security: [{ key: [] }],
    paths: pathsOf(all),
  }
  return endpoint({
    method: 'GET',
    url: '/openapi.json',
    summary: 'This document',
    handle: async () => document,
  })
}

function pathsOf(all: readonly Endpoint[]) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const { method, url, summary, body } of all) {
    const path = url.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf({ url, summary, body }) }
  }
  return paths
}

function operationOf({ url, summary, body }: Pick<Endpoint, 'url' | 'summary' | 'body'>) {
  const names = [...url.matchAll(/:(\w+)/g)].map(([, name]) => name)
  const parameters = names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
  const schema = body && z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' })
  return {
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(schema && { requestBody: { required: true, content: { 'application/json': { schema } } } }),
    responses: {
      200: { description: 'OK' },
      default: { description: 'An error: { error: { message, type, param, code } }' },
    },
  }
}
