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
  for (const each of all) {
    const path = each.url.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [each.method.toLowerCase()]: operationOf(each) }
  }
  return paths
}

function operationOf({ url, summary, body, query, takesFile }: Endpoint) {
  const names = [...url.matchAll(/:(\w+)/g)].map(([, name]) => name)
  const parameters = [
    ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...(query ? queryParameters(query) : []),
  ]
  return {
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: bodyOf('application/json', schemaOf(body)) }),
    ...(takesFile && { requestBody: bodyOf('multipart/form-data', FILE_FORM) }),
    responses: {
      200: { description: 'OK' },
      default: { description: 'An error: { error: { message, type, param, code } }' },
    },
  }
}

const schemaOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })

const bodyOf = (type: string, schema: unknown) => ({ required: true, content: { [type]: { schema } } })

const FILE_FORM = {
  type: 'object',
  properties: { file: { type: 'string', format: 'binary' }, purpose: { const: 'batch' } },
  required: ['file', 'purpose'],
}

const queryParameters = (query: z.ZodType) =>
  Object.entries(schemaOf(query).properties ?? {}).map(([name, schema]) => ({ name, in: 'query', schema }))
