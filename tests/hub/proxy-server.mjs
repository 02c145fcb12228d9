/** An HTTP proxy, as a process of its own: forwards plain requests, opens tunnels, and prints a line about each. */
import { createServer, request } from 'node:http'
import { connect } from 'node:net'

const [password = ''] = process.argv.slice(2)
const wanted = `Basic ${Buffer.from(`user:${password}`).toString('base64')}`
const isWelcome = ({ headers }) => !password || headers['proxy-authorization'] === wanted

// Names of tests are of this machine.
const placeOf = (host) => (host.endsWith('.test') ? '127.0.0.1' : host)

const server = createServer((asked, answer) => {
  if (!isWelcome(asked)) return answer.writeHead(407).end()
  console.log(`forward ${asked.url}`)
  const { 'proxy-authorization': _, ...headers } = asked.headers
  const { hostname, port, pathname, search } = new URL(asked.url)
  const address = { host: placeOf(hostname), port, path: pathname + search, method: asked.method, headers }
  const onward = request(address, (came) => {
    answer.writeHead(came.statusCode, came.headers)
    came.pipe(answer)
  })
  onward.on('error', () => answer.writeHead(502).end())
  asked.pipe(onward)
})

server.on('connect', (asked, client, head) => {
  if (!isWelcome(asked)) return client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
  console.log(`tunnel ${asked.url}`)
  const [host, port] = asked.url.split(':')
  const far = connect(Number(port), placeOf(host), () => {
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    far.write(head)
    far.pipe(client).pipe(far)
  })
  for (const each of [far, client]) each.on('error', () => [far, client].map((socket) => socket.destroy()))
})

server.listen(0, '127.0.0.1', () => console.log(server.address().port))
