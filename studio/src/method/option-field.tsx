import { useEffect, useId, useState } from 'react'
import type { OptionSchema } from '../api/types.ts'

interface Props {
  readonly name: string
  readonly schema: OptionSchema
  readonly value: string
  /** Told when the choice is made, not while a slider is on its way. */
  readonly onChange: (value: string) => void
}

/** A field for one option, of the kind that its schema asks for. */
export function OptionField({ name, schema, value, onChange }: Props) {
  const id = useId()
  return (
    <div className="field option">
      <label htmlFor={id}>{name}</label>
      <Control id={id} schema={schema} value={value} onChange={onChange} />
      {schema.description && <p className="hint">{schema.description}</p>}
    </div>
  )
}

type ControlProps = Omit<Props, 'name'> & { readonly id: string }

function Control(props: ControlProps) {
  const { id, schema, value, onChange } = props
  const values = schema.enum ?? (schema.type === 'boolean' ? ['true', 'false'] : undefined)
  if (values)
    return (
      <select id={id} value={value} onChange={({ target }) => onChange(target.value)}>
        {schema.default === undefined && <option value="">not given</option>}
        {values.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    )
  return isShare(schema) ? <Slider {...props} /> : <TextField {...props} />
}

const isShare = ({ type, minimum, exclusiveMinimum, maximum }: OptionSchema): boolean =>
  type === 'number' && (minimum ?? exclusiveMinimum) === 0 && maximum === 1

/** Its own text while it is edited, told when it is left or Enter is pressed. */
function useDraft(value: string, onChange: (value: string) => void) {
  const [draft, setDraft] = useState(value)
  useEffect(() => setDraft(value), [value])
  const commit = () => {
    if (draft !== value) onChange(draft)
  }
  return { draft, setDraft, commit }
}

function Slider({ id, value, onChange }: ControlProps) {
  const { draft, setDraft, commit } = useDraft(value, onChange)
  return (
    <span className="slider">
      <input
        id={id}
        type="range"
        min={0}
        max={1}
        step={0.01}
        value={draft}
        onChange={({ target }) => setDraft(target.value)}
        onPointerUp={commit}
        onKeyUp={commit}
        onBlur={commit}
      />
      <output htmlFor={id}>{Number(Number(draft).toFixed(3))}</output>
    </span>
  )
}

function TextField({ id, schema, value, onChange }: ControlProps) {
  const { draft, setDraft, commit } = useDraft(value, onChange)
  const isNumber = schema.type === 'number' || schema.type === 'integer'
  return (
    <input
      id={id}
      type={isNumber ? 'number' : 'text'}
      step={schema.type === 'integer' ? 1 : 'any'}
      min={schema.minimum}
      max={Number(schema.maximum) < Number.MAX_SAFE_INTEGER ? schema.maximum : undefined}
      value={draft}
      onChange={({ target }) => setDraft(target.value)}
      onBlur={commit}
      onKeyDown={({ key }) => key === 'Enter' && commit()}
    />
  )
}
