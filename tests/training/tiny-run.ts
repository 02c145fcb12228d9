/**
 * Trains the dialogue stage of a tiny model: `node --import tsx tests/training/tiny-run.ts FOLDER [kill at step]`. Its
 * losses go to FOLDER/dialogue/log.jsonl, notes to standard output; errors exit as the command line does.
 */
import { readFileSync } from 'node:fs'
import { describeFailure } from '../../src/cli/failure.ts'
import type { LlavaConfig } from '../../src/models/vlm/llava.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { createTokenizer } from '../../src/text/tokenizer.ts'
import { miniConfig } from '../../src/training/mini/config.ts'
import { trainStage } from '../../src/training/mini/train.ts'

const [folder, killAt] = process.argv.slice(2)
const tokenizer = createTokenizer(JSON.parse(readFileSync('models/fovea-mini/tokenizer.json', 'utf8')))
const { vision_config, text_config, ...rest } = miniConfig(tokenizer.vocabSize, 4)
const small = { hidden_size: 32, intermediate_size: 48, num_hidden_layers: 1, num_attention_heads: 2 }
const config: LlavaConfig = {
  ...rest,
  vision_config: { ...vision_config, ...small, image_size: 32 },
  text_config: { ...text_config, ...small, num_key_value_heads: 1 },
}
const stage = { steps: 7, batch: 2, rate: 1e-3, schedule: () => 1 }
const backend = new NodeBackend()
try {
  await trainStage(
    {
      backend,
      config,
      folder,
      seed: 3,
      text: 64,
      encode: (text) => tokenizer.encode(text),
      stages: { vision: stage, naming: stage, dialogue: stage },
      saveEvery: 2,
      onStep: (_, { step }) => {
        if (step === Number(killAt)) process.kill(process.pid, 'SIGKILL')
      },
      onNote: (note) => console.log(note),
    },
    'dialogue',
  )
} catch (error) {
  const { message, exitCode } = describeFailure(error)
  console.error(message)
  process.exitCode = exitCode
} finally {
  await backend.dispose()
}
