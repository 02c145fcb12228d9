/**
 * Ending a process while the engine computes. `process.exit` joins every thread first, and a thread that comes out of
 * native code into a runtime that is being taken down aborts the process. WASI's `proc_exit` is the C library's `exit`: it
 * waits for nobody.
 */
import { createRequire } from 'node:module'

const name = (text: string): number[] => [text.length, ...Buffer.from(text)]
const section = (id: number, ...body: number[]): number[] => [id, body.length, ...body]

/** A whole number in the variable length of WebAssembly (LEB128, signed). */
function varint(value: number): number[] {
  const low = value & 0x7f
  const rest = value >> 7
  return rest === 0 && low < 0x40 ? [low] : [low | 0x80, ...varint(rest)]
}

/** A program whose `_start` calls `proc_exit(code)`. */
function exitProgram(code: number): Uint8Array<ArrayBuffer> {
  const body = [0, 0x41, ...varint(code), 0x10, 0, 0x0b]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 2, 0x60, 1, 0x7f, 0, 0x60, 0, 0),
    ...section(2, 1, ...name('wasi_snapshot_preview1'), ...name('proc_exit'), 0, 0),
    ...section(3, 1, 1),
    ...section(5, 1, 0, 1),
    ...section(7, 2, ...name('memory'), 2, 0, ...name('_start'), 0, 1),
    ...section(10, 1, body.length, ...body),
  ])
}

/** Ends the process with an exit code from 0 to 255, whatever its threads do; nothing runs any more. Main thread only. */
export function endAtOnce(code: number): never {
  try {
    const { WASI } = createRequire(import.meta.url)('node:wasi') as typeof import('node:wasi')
    const wasi = new WASI({ version: 'preview1', returnOnExit: false })
    const program = new WebAssembly.Module(exitProgram(code & 0xff))
    wasi.start(new WebAssembly.Instance(program, wasi.getImportObject() as WebAssembly.Imports))
  } catch {
    // No WASI here: only a signal ends a process as fast.
  }
  process.kill(process.pid, 'SIGKILL')
  throw new Error('the process was killed')
}
