import { endpoints } from './index.ts'

const patterns = endpoints.map(({ url, method }) => ({
  pattern: new RegExp(`^${url.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}$`),
  methods: method === 'GET' ? ['GET', 'HEAD'] : [method],
}))

/** The HTTP methods that are taken at an address; none where there is nothing. */
export function methodsAt(address: string): string[] {
  const [path] = address.split('?')
  return patterns.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods)
}
