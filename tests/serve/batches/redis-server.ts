/** A real Redis for a test, on a port of its own, with nothing on disk. */
import { spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { onTestFinished } from 'vitest'
import { testFolder } from './asking.ts'

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Starts one with more settings, as in `--requirepass x`; returns its host and port. It ends with the test. */
export const redisServer = async (...settings: string[]): Promise<string> =>
  (await redisAt(await freePort(), ...settings)).host

export async function redisAt(port: number, ...settings: string[]): Promise<{ host: string; kill(): Promise<void> }> {
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', testFolder()]
  const child = spawn('redis-server', [...args, ...settings])
  onTestFinished(() => void child.kill('SIGKILL'))
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('redis-server did not start')))
    let said = ''
    child.stdout.on('data', (text) => {
      said += text
      if (said.includes('Ready to accept connections')) resolve()
    })
  })
  const kill = async () => {
    const exited = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await exited
  }
  return { host: `127.0.0.1:${port}`, kill }
}
