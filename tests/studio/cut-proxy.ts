import { connect, createServer, type Server, type Socket } from 'node:net'

/** A way to a server that breaks off in the middle of the first answer that is streamed through it. */
export async function cutProxy(target: string): Promise<{ url: string; close: () => void }> {
  const { hostname, port } = new URL(target)
  const open = new Set<Socket>()
  const server: Server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => open.delete(socket))
    }
    near.on('data', (bytes) => far.write(bytes))
    far.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      const words = text.indexOf('"content":"', text.indexOf('"content":""') + 1)
      near.write(words < 0 ? bytes : bytes.subarray(0, text.indexOf('\n\n', words) + 2))
      if (words >= 0) near.end(() => near.destroy())
    })
    near.on('close', () => far.destroy())
    far.on('close', () => near.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}
