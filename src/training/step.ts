import { type Backend, compile, f32, type Program, type TypedArray, type Value } from '../runtime/index.ts'
import { add, grad, input, parameter, type Tensor } from '../tensor/index.ts'
import { clipGlobalNorm, type Optimizer } from './optimizers.ts'

/** One training step as a single program: losses, gradients, clipping and the optimizer's update. */
export interface StepDefinition {
  /** Scalars to minimise (their sum) and to report. */
  readonly losses: Readonly<Record<string, Tensor>>
  /** Trained leaves by name; leaves of the losses that are not listed stay frozen. */
  readonly trained: ReadonlyMap<string, Tensor>
  readonly optimizer: (name: string, leaf: Tensor) => Optimizer
  readonly clip: number
  readonly frozen?: ReadonlyMap<string, Value>
  /** Prefix of a per-node profile, written when the step is disposed. */
  readonly profile?: string
}

/** A compiled step whose weights and optimizer states stay with the engine. */
export interface TrainingStep {
  readonly program: Program
  /** Names of all resident tensors: weights and "name#state". */
  readonly resident: ReadonlyMap<string, readonly number[]>
  /** Sets weights and states; absent states start at zero. */
  load(values: ReadonlyMap<string, Value>): Promise<void>
  /** One update; returns the losses and the gradient norm before clipping. */
  run(batch: Readonly<Record<string, Value>>, rate: number, step: number): Promise<Record<string, number>>
  read(): Promise<Map<string, Value>>
  dispose(): Promise<void>
}

export async function compileStep(backend: Backend, definition: StepDefinition): Promise<TrainingStep> {
  const { outputs, resident } = traceStep(definition)
  const frozen = definition.frozen ?? new Map<string, Value>()
  const program = await compile(backend, outputs, {
    profile: definition.profile,
    weights: (name) => {
      const value = definition.trained.has(name) ? undefined : frozen.get(name)
      return value && { dtype: value.dtype, shape: value.dims, content: bytes(value.data) }
    },
  })
  const reported = Object.keys(outputs).filter((name) => !resident.has(name.slice(1)))
  const feeds = Object.fromEntries([...resident.keys()].map((name) => [name, { resident: name }]))
  const keep = Object.fromEntries([...resident.keys()].map((name) => [`>${name}`, name]))
  return {
    program,
    resident,
    load: (values) => program.session.write(startingValues(resident, values)),
    run: async (batch, rate, step) => {
      const { values } = await program.run(
        { ...feeds, ...batch, rate: scalar(rate), step: scalar(step) },
        { fetch: reported, keep },
      )
      return Object.fromEntries(reported.map((name) => [name, Number(values[name].data[0])]))
    },
    read: async () => new Map(Object.entries(await program.session.read([...resident.keys()]))),
    dispose: () => program.dispose(),
  }
}

const scalar = (value: number): Value => f32([], Float32Array.of(value))
const bytes = (data: TypedArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

function traceStep({ losses, trained, optimizer, clip }: StepDefinition) {
  const total = Object.values(losses).reduce((a, b) => add(a, b))
  const leaves = [...trained.values()]
  const { gradients, norm } = clipGlobalNorm(grad(total, leaves), clip)
  const [rate, step] = [input('rate', []), input('step', [])]
  const outputs: Record<string, Tensor> = { ...losses, norm }
  const resident = new Map<string, readonly number[]>()
  ;[...trained].forEach(([name, leaf], at) => {
    const rule = optimizer(name, leaf)
    const names = rule.stateNames.map((state) => `${name}#${state}`)
    const states = names.map((state) => parameter(state, leaf.shape))
    const update = rule.update(leaf, gradients[at], states, rate, step)
    outputs[`>${name}`] = update.value
    for (const [i, state] of names.entries()) outputs[`>${state}`] = update.state[i]
    for (const each of [name, ...names]) resident.set(each, leaf.shape.map(Number))
  })
  return { outputs, resident }
}

function startingValues(
  resident: ReadonlyMap<string, readonly number[]>,
  values: ReadonlyMap<string, Value>,
): Record<string, Value> {
  const start: Record<string, Value> = {}
  for (const [name, dims] of resident) {
    const value = values.get(name)
    if (!value && !name.includes('#')) throw new Error(`the trained weight "${name}" has no value`)
    start[name] = value ?? f32(dims, new Float32Array(dims.reduce((a, b) => a * b, 1)))
  }
  return start
}
