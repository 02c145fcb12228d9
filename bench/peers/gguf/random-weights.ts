import { blockPool, copyFromPool, f16Pool } from '../random-pool.ts'
import type { GgufType, TensorInfo } from './tensor-info.ts'

const HALF_0_01 = 0x211f // 0.01 in 16 bits
const scale = (half: number): number[] => [half & 255, half >> 8]

/** Drawn when first needed. Bytes of a value or block, and how a pool of them is made. */
const units: Record<Exclude<GgufType, 'F32'>, { readonly bytes: number; readonly draw: () => Uint8Array }> = {
  F16: { bytes: 2, draw: f16Pool },
  Q4_0: { bytes: 18, draw: () => blockPool(18, scale(HALF_0_01)) },
  Q8_0: { bytes: 34, draw: () => blockPool(34, scale(HALF_0_01 - (4 << 10))) }, // 16 times the levels
}
const pools = new Map<GgufType, Uint8Array>()

/** Matrices are random, norms are 1, biases and position embeddings 0. */
export function fillRandom(bytes: Buffer, { name, type }: TensorInfo, seed: number): void {
  if (type === 'F32') {
    const isNorm = name.endsWith('.weight') && !/position_embd|patch_embd/.test(name)
    new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4).fill(isNorm ? 1 : 0)
    return
  }
  const pool = pools.get(type) ?? units[type].draw()
  pools.set(type, pool)
  copyFromPool(bytes, pool, seed, units[type].bytes)
}
