import { readFileSync } from 'node:fs'

/** x86 processors without VNNI add 8-bit products in 16 bits, which saturate unless weights stay below 64. */
function hasWideSums(): boolean {
  if (process.arch !== 'x64' && process.arch !== 'ia32') return true
  if (process.platform !== 'linux') return false // Nothing tells; the smaller range is always right.
  try {
    return /vnni/.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return false
  }
}

/** The largest integer that int8 weights use on this machine. */
export const INT8_LIMIT = hasWideSums() ? 127 : 63
