import { FoveaError } from '../errors.ts'
import { type Backend, type CompileOptions, compile, f32, type Program, type Value } from '../runtime/index.ts'
import { add, equal, grad, input, mul, parameter, select, type Tensor } from '../tensor/index.ts'
import { clipGlobalNorm, type Optimizer } from './optimizers.ts'

/** The inputs of one run of the program. */
export type Batch = Readonly<Record<string, Value>>

export type FrozenWeights = Pick<CompileOptions, 'weights' | 'files' | 'folder' | 'threads'>

/** The inputs of a batch that a program names. */
export const pick = (batch: Readonly<Record<string, Value>>, names: Iterable<string>): Record<string, Value> =>
  Object.fromEntries([...names].filter((name) => name in batch).map((name) => [name, batch[name]]))

/** One training step as a single program: losses, gradients, clipping and the optimizer's update. */
export interface StepDefinition {
  /** Scalars to minimise (their sum) and to report. */
  readonly losses: Readonly<Record<string, Tensor>>
  /** Trained leaves by name; leaves of the losses that are not listed stay frozen. */
  readonly trained: ReadonlyMap<string, Tensor>
  readonly optimizer: (name: string, leaf: Tensor) => Optimizer
  readonly clip: number
  /** Micro-batches per update; their gradients are averaged, as if they were one batch. */
  readonly accumulate?: number
  /** Where frozen leaves lie: they are initializers of the program. */
  readonly frozen?: FrozenWeights
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
  /** One update from as many batches as are accumulated; returns the mean losses and the last gradient norm. */
  run(batches: Batch | readonly Batch[], rate: number, step: number): Promise<Record<string, number>>
  read(): Promise<Map<string, Value>>
  dispose(): Promise<void>
}

export async function compileStep(backend: Backend, definition: StepDefinition): Promise<TrainingStep> {
  const { outputs, resident } = traceStep(definition)
  const { frozen, accumulate = 1 } = definition
  const program = await compile(backend, outputs, {
    ...frozen,
    profile: definition.profile,
    weights: (name) => (definition.trained.has(name) ? undefined : frozen?.weights?.(name)),
  })
  const reported = Object.keys(outputs).filter((name) => !resident.has(name.slice(1)))
  const feeds = Object.fromEntries([...resident.keys()].map((name) => [name, { resident: name }]))
  const keep = Object.fromEntries([...resident.keys()].map((name) => [`>${name}`, name]))
  return {
    program,
    resident,
    load: (values) => program.session.write(startingValues(resident, values)),
    run: async (batches, rate, step) => {
      const parts = Array.isArray(batches) ? batches : [batches]
      if (parts.length !== accumulate) throw new Error(`${accumulate} batches make a step, got ${parts.length}`)
      const runs: Record<string, number>[] = []
      for (const [at, batch] of parts.entries()) {
        const scalars = { rate: scalar(rate), step: scalar(step), ...(accumulate > 1 && microInputs(at, accumulate)) }
        const { values } = await program.run({ ...feeds, ...batch, ...scalars }, { fetch: reported, keep })
        runs.push(Object.fromEntries(reported.map((name) => [name, Number(values[name].data[0])])))
      }
      return meanLosses(runs)
    },
    read: async () => new Map(Object.entries(await program.session.read([...resident.keys()].filter(isSaved)))),
    dispose: () => program.dispose(),
  }
}

const scalar = (value: number): Value => f32([], Float32Array.of(value))
/** Sums of gradients are empty whenever a state is saved. */
const SUM = '#sum'
const isSaved = (name: string): boolean => !name.endsWith(SUM)

const microInputs = (at: number, count: number): Batch => ({
  first: scalar(at === 0 ? 1 : 0),
  last: scalar(at === count - 1 ? 1 : 0),
})

/** Means over the micro-batches; the gradient norm is that of the last, which has seen all. */
function meanLosses(runs: readonly Record<string, number>[]): Record<string, number> {
  const mean = (name: string) => runs.reduce((sum, losses) => sum + losses[name], 0) / runs.length
  const last = runs.at(-1)!
  return Object.fromEntries(Object.keys(last).map((name) => [name, name === 'norm' ? last.norm : mean(name)]))
}

function traceStep({ losses, trained, optimizer, clip, accumulate = 1 }: StepDefinition) {
  const total = Object.values(losses).reduce((a, b) => add(a, b))
  const leaves = [...trained.values()]
  const raw = grad(total, leaves)
  const gathered = accumulate > 1 ? accumulated([...trained.keys()], raw, accumulate) : raw
  const { gradients, norm } = clipGlobalNorm(gathered, clip)
  const [rate, step] = [input('rate', []), input('step', [])]
  const apply = accumulate > 1 ? equal(input('last', []), 1) : undefined
  const replace = (before: Tensor, after: Tensor) => (apply ? select(apply, after, before) : after)
  const outputs: Record<string, Tensor> = { ...losses, norm }
  const resident = new Map<string, readonly number[]>()
  ;[...trained].forEach(([name, leaf], at) => {
    const rule = optimizer(name, leaf)
    const names = rule.stateNames.map((state) => `${name}#${state}`)
    const states = names.map((state) => parameter(state, leaf.shape))
    const update = rule.update(leaf, gradients[at], states, rate, step)
    outputs[`>${name}`] = replace(leaf, update.value)
    for (const [i, state] of names.entries()) outputs[`>${state}`] = replace(states[i], update.state[i])
    if (apply) outputs[`>${name}${SUM}`] = gathered[at]
    for (const each of [name, ...names, ...(apply ? [name + SUM] : [])]) resident.set(each, leaf.shape.map(Number))
  })
  return { outputs, resident }
}

/** Gradients / count on top of the sums of the micro-batches before; the first one starts from zero. */
function accumulated(names: readonly string[], gradients: readonly Tensor[], count: number): Tensor[] {
  const isFirst = equal(input('first', []), 1)
  return gradients.map((gradient, at) => {
    const share = mul(gradient, 1 / count)
    return select(isFirst, share, add(parameter(names[at] + SUM, gradient.shape), share))
  })
}

const stateError = (message: string): FoveaError => new FoveaError('training_state', 'input', message)

function startingValues(
  resident: ReadonlyMap<string, readonly number[]>,
  values: ReadonlyMap<string, Value>,
): Record<string, Value> {
  const start: Record<string, Value> = {}
  for (const [name, dims] of resident) {
    const value = values.get(name)
    if (!value && !name.includes('#')) throw stateError(`the trained weight "${name}" has no value`)
    if (value && value.dims.join() !== dims.join())
      throw stateError(`"${name}" is [${value.dims}] in the state or the weights to start from, and [${dims}] here`)
    start[name] = value ?? f32(dims, new Float32Array(dims.reduce((a, b) => a * b, 1)))
  }
  return start
}
