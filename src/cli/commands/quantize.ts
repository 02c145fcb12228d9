import { Option } from 'commander'
import { FoveaError } from '../../errors.ts'
import { SCHEMES } from '../../quantization/schemes/scheme.ts'
import { command } from '../command.ts'
import { integer } from '../parsers.ts'
import type { CopyFlags } from '../quantized-copy.ts'
import { planWeightsOf, type WeightPlanFlags } from '../weight-plan.ts'

interface QuantizeFlags extends Omit<WeightPlanFlags, 'dtype'>, CopyFlags {
  dtype?: WeightPlanFlags['dtype']
  out?: string
}

/** What only a copy is made with. */
const OF_COPIES = ['scheme', 'bits', 'calibrate', 'prompt', 'images'] as const
/** What only a plan is made with. */
const OF_PLANS = ['dtype', 'report'] as const

export const quantizeCommand = command<QuantizeFlags>({
  name: 'quantize',
  summary: 'Decide by calibration how a model is quantized at every later load, or write a quantized copy of it',
  examples: [
    'fovea quantize path/to/model',
    'fovea quantize org/name --dtype int4 --report',
    'fovea quantize mini --scheme awq --bits 4 --out models/mini-awq4',
    'fovea quantize org/name --scheme gptq --calibrate photos --out models/name-gptq4',
    'fovea ask photo.png "what is this?" --model models/mini-awq4 --dtype int4 --method fastv:keep=.25',
  ],
  configure: (program) =>
    program
      .argument('<model>', 'a model folder, org/name of the hub, or "mini"')
      .addOption(
        new Option('--dtype <dtype>', 'of a plan: what linear layers compute with (default: int8)').choices([
          'int8',
          'int4',
        ]),
      )
      .option('--report', 'of a plan: list what every layer loses and the form it is kept in')
      .option('--out <folder>', 'write a copy there whose linear layers lie on the grid of few bits')
      .addOption(new Option('--scheme <scheme>', 'of a copy: how weights are rounded (default: gptq)').choices(SCHEMES))
      .addOption(
        new Option('--bits <bits>', 'of a copy: of a weight; load it with --dtype int4 or int8 (default: 4)').choices([
          '4',
          '8',
        ]),
      )
      .option('--calibrate <images>', 'of a copy: a folder of images it is to be good at, or "world" (default: world)')
      .option('--prompt <text>', 'of a copy: what is asked about images of a folder (default: Describe the image.)')
      .option('--images <count>', 'of a copy: images of a folder that are looked at (default: 16)', integer(1))
      .option('--json', 'print one JSON object instead of text'),
  finishes: true,
  run: async ({ args: [model], options, signal }) => {
    const { out, ...rest } = options
    const misplaced = (out === undefined ? OF_COPIES : OF_PLANS).find((flag) => options[flag] !== undefined)
    if (misplaced) throw flagError(misplaced, out)
    if (out === undefined) return planWeightsOf(model as string, { ...rest, dtype: rest.dtype ?? 'int8' }, signal)
    const { writeQuantizedCopy } = await import('../quantized-copy.ts')
    return writeQuantizedCopy(model as string, { ...rest, out }, signal)
  },
})

function flagError(flag: string, out: string | undefined): FoveaError {
  const of = out === undefined ? 'a copy: give --out FOLDER, too' : 'a plan: leave out --out, or this'
  return new FoveaError('quantize_flags', 'usage', `--${flag} is of ${of}`)
}
