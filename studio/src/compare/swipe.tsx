import { useState } from 'react'
import type { Picture } from '../picture/open-picture.ts'
import { PatchCanvas } from '../playground/patch-canvas.tsx'
import { stopsOf } from '../playground/patches.ts'
import type { Run } from '../playground/use-run.ts'
import { addressWith, go, useAddress } from '../router.tsx'

interface Props {
  readonly picture: Picture
  readonly methods: readonly string[]
  readonly runs: readonly Run[]
}

const SIDES = ['left', 'right'] as const

/** Two methods over one picture, and a slider that wipes from one to the other. */
export function Swipe({ picture, methods, runs }: Props) {
  const { query } = useAddress()
  const [at, setAt] = useState(50)
  const most = methods.length - 1
  const sides = SIDES.map((side, at) => Math.min(Number(query.get(side) ?? at * most) || 0, most))
  const put = (side: number, method: number) => go(addressWith({ [SIDES[side]]: String(method) }), { replace: true })
  return (
    <div className="swipe">
      <div className="layers-of">
        <Layer picture={picture} run={runs[sides[0]]} />
        <div className="over" style={{ clipPath: `inset(0 0 0 ${at}%)` }}>
          <Layer picture={picture} run={runs[sides[1]]} />
        </div>
        <span className="edge" style={{ left: `${at}%` }} />
        <input
          type="range"
          aria-label="Wipe"
          min={0}
          max={100}
          value={at}
          onChange={({ target }) => setAt(Number(target.value))}
        />
      </div>
      <div className="sides">
        {sides.map((chosen, side) => (
          <select
            // biome-ignore lint/suspicious/noArrayIndexKey: left and right
            key={side}
            aria-label={side === 0 ? 'Left of the edge' : 'Right of the edge'}
            value={chosen}
            onChange={({ target }) => put(side, Number(target.value))}
          >
            {methods.map((method, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the same method may stand there twice
              <option key={index} value={index}>
                {method}
              </option>
            ))}
          </select>
        ))}
      </div>
    </div>
  )
}

function Layer({ picture, run }: { picture: Picture; run?: Run }) {
  const { report } = run ?? {}
  return <PatchCanvas picture={picture} report={report} stop={report && stopsOf(report).at(-1)} />
}
