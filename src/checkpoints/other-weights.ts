/** Weights in forms that are not read: which they are, why, and what to do instead. */
import { FoveaError } from '../errors.ts'

interface Form {
  readonly files: RegExp
  readonly code: 'checkpoint_pickle' | 'checkpoint_format'
  readonly what: string
  /** What to do about a model of this name. */
  advice(name: string): string
}

const forms: readonly Form[] = [
  {
    files: /\.(bin|pt|pth|pkl|pickle|ckpt)$/i,
    code: 'checkpoint_pickle',
    what: 'pickle weights, which can run code when loaded',
    advice: (name) =>
      `look for a revision with safetensors, or convert to safetensors where you trust it: AutoModel.from_pretrained('${name}').save_pretrained('folder') in Python, then --model folder`,
  },
  {
    files: /\.gguf$/i,
    code: 'checkpoint_format',
    what: 'GGUF weights, which are read from files of this machine',
    advice: () =>
      'fetch one of them and its mmproj-*.gguf, and name it with --model file.gguf; or take the model that they were made from (its card names it as base model), in safetensors; --dtype int4 makes it as small here',
  },
  {
    files: /\.onnx(_data.*|\.data)?$/i,
    code: 'checkpoint_format',
    what: 'ONNX graphs, which are fixed programs and can name any file of this machine as their data',
    advice: () => 'take the model that they were exported from, in safetensors; fovea makes its own graphs of it',
  },
  {
    files: /\.(h5|msgpack|tflite|mlmodel|engine|nemo)$/i,
    code: 'checkpoint_format',
    what: 'weights for other programs',
    advice: () => 'take the same model in safetensors, or export it from its program with save_pretrained',
  },
]

const SHOWN = 8

/**
 * The refusal of a model whose files are none that can be read but are weights of another kind, or undefined.
 * @param name the folder, or `org/name`
 */
export function otherWeights(name: string, files: readonly string[]): FoveaError | undefined {
  for (const { files: pattern, code, what, advice } of forms) {
    const found = files.filter((file) => pattern.test(file))
    if (found.length === 0) continue
    const shown = found.slice(0, SHOWN).map((file) => JSON.stringify(file.slice(0, 100)))
    const more = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : ''
    return new FoveaError(code, 'input', `${name}: it holds only ${what} (${shown.join(', ')}${more}); ${advice(name)}`)
  }
  return undefined
}
