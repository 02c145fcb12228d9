import type { Fate, Stop } from './patches.ts'
import { countOf } from './patches.ts'

interface Props {
  readonly stops: readonly Stop[]
  readonly at: number
  readonly fates: readonly Fate[]
  readonly onChange: (at: number) => void
}

/** Through the layers: which patches are still there. */
export function LayerSlider({ stops, at, fates, onChange }: Props) {
  const { name, tokens } = stops[at]
  return (
    <>
      <label>
        <span className="at">
          {name === 'given' ? 'given to the language model' : name} <strong>{tokens} tokens</strong>
        </span>
        <input
          type="range"
          min={0}
          max={stops.length - 1}
          step={1}
          value={at}
          aria-valuetext={`${name}, ${tokens} tokens`}
          onChange={({ target }) => onChange(Number(target.value))}
        />
      </label>
      <p className="legend">
        <Count fates={fates} fate="kept" />
        <Count fates={fates} fate="merged" />
        <Count fates={fates} fate="dropped" />
      </p>
    </>
  )
}

const Count = ({ fates, fate }: { fates: readonly Fate[]; fate: Fate }) => (
  <span className={`fate ${fate}`}>
    {countOf(fates, fate)} {fate}
  </span>
)
