import { f32, i64, type Program, type Resident, type Value } from '../../runtime/index.ts'
import type { Tensor } from '../../tensor/index.ts'
import { type Carried, carriedName, countName, type FramePlan, leftName, type StreamPlace } from '../method/carrying.ts'
import type { Method } from '../method/method.ts'
import { methodError } from '../method/method-error.ts'

/** What the graph leaves for the next frame, by the names of outputs. Throws FoveaError `method_unfit`. */
export function carriedOutputs({ read, left }: Carried, { name: by }: Method): Record<string, Tensor> {
  for (const [name, shape] of read) {
    const value = left.get(name)?.value
    if (!value)
      throw methodError(`${by} reads ${name} of the frame before, but no method leaves that; it must carry it on`)
    if (value.shape.join() !== shape.join())
      throw methodError(`${by} carries ${name} as [${value.shape}] and reads it as [${shape}]; they must be alike`)
  }
  return Object.fromEntries([...left].map(([name, { value }]) => [leftName(name), value]))
}

export const planOf =
  ({ needs }: Method) =>
  (frame: number): FramePlan =>
    needs?.frame?.(frame) ?? {}

/** The values that frames of streams leave for each other beside one program. */
export class CarriedValues {
  /** Beginnings of keys, by stream: one for each part of its frames. */
  private readonly streams = new Map<string, Set<number>>()

  constructor(
    private readonly program: Program,
    private readonly traced: Carried,
    private readonly plan: (frame: number) => FramePlan,
  ) {}

  /** What a run of a frame is given and what is kept of it. */
  async of({ key, frame, part = 0 }: StreamPlace) {
    const { program, traced } = this
    if (!this.streams.get(key)?.has(part)) await this.begin(key, part)
    const { shares = {}, refresh = true } = this.plan(frame)
    const known = new Set(program.inputs.map(({ name }) => name))
    const counts = [...traced.counts].map(([share, of]) => {
      const count = Math.max(1, Math.min(of, Math.floor(of * (shares[share] ?? 1))))
      return [countName(share), i64([count], new Array<number>(count).fill(0))] as const
    })
    const carried = [...traced.read.keys()].map(
      (name) => [carriedName(name), { resident: at(key, part, name) }] as const,
    )
    const given = [...counts, ...carried].filter(([name]) => known.has(name))
    const kept = [...traced.left].filter(([name, { when }]) => traced.read.has(name) && (refresh || when === 'every'))
    return {
      feeds: Object.fromEntries<Value | Resident>(given),
      keep: Object.fromEntries(kept.map(([name]) => [leftName(name), at(key, part, name)])),
    }
  }

  async forget(key: string): Promise<void> {
    const parts = [...(this.streams.get(key) ?? [])]
    this.streams.delete(key)
    const names = [...this.traced.read.keys()]
    await this.program.session.forget(parts.flatMap((part) => names.map((name) => at(key, part, name))))
  }

  private async begin(key: string, part: number): Promise<void> {
    const zeros = [...this.traced.read].map(([name, shape]) => {
      return [at(key, part, name), f32(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)))] as const
    })
    await this.program.session.write(Object.fromEntries(zeros))
    this.streams.set(key, new Set([...(this.streams.get(key) ?? []), part]))
  }
}

const at = (key: string, part: number, name: string): string => `${key}/${part}/${name}`
