import { Option } from 'commander'
import { command } from '../command.ts'
import { planWeightsOf, type WeightPlanFlags } from '../weight-plan.ts'

export const quantizeCommand = command<WeightPlanFlags>({
  name: 'quantize',
  summary: 'Decide by calibration how a model is quantized, for every later load',
  examples: [
    'fovea quantize path/to/model',
    'fovea quantize org/name --dtype int4 --report',
    'fovea quantize path/to/model --report --json',
  ],
  configure: (program) =>
    program
      .argument('<model>', 'a model folder, org/name of the hub, or "mini"')
      .addOption(
        new Option('--dtype <dtype>', 'what linear layers compute with').choices(['int8', 'int4']).default('int8'),
      )
      .option('--report', 'list what every layer loses and the form it is kept in')
      .option('--json', 'print one JSON object instead of text'),
  run: ({ args: [model], options, signal }) => planWeightsOf(model as string, options, signal),
})
