/**
 * The engine in a process of its own, for callers in worker threads: such a thread takes the threads that it started with it,
 * whenever it is terminated, and an engine thread that is terminated in the middle of a run aborts the whole process.
 */
import { type ChildProcess, fork } from 'node:child_process'
import type { Engine, EngineEvents } from './engine.ts'
import type { Reply } from './protocol.ts'

export function startProcess({ onReply, onError, onExit }: EngineEvents): Engine {
  const child = forkEngine()
  let owed = 0
  child.on('message', (reply: Reply) => {
    owed--
    onReply(reply)
  })
  child.on('error', onError)
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  void exited.then(onExit)
  return {
    post: (message) => {
      owed++
      child.send(message, (error) => error && onError(error))
    },
    ref: () => {
      child.ref()
      child.channel?.ref()
    },
    unref: () => {
      child.unref()
      child.channel?.unref()
    },
    // Nothing of it is needed any more, and here it can be ended in the middle of a run.
    stop: () => {
      if (owed > 0) child.kill('SIGKILL')
    },
    end: async () => {
      child.ref()
      child.kill('SIGKILL')
      await exited
    },
  }
}

function forkEngine(): ChildProcess {
  const fromSources = import.meta.url.endsWith('.ts')
  const program = new URL(fromSources ? './engine-host.ts' : './engine-host.js', import.meta.url)
  const execArgv = fromSources ? ['--import', import.meta.resolve('tsx')] : []
  // Its standard output is not the caller's; what it has to say it says in replies.
  return fork(program, { execArgv, serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}
