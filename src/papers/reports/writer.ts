/** Who writes where a paper calls a language model: the model that is measured, or one behind an address. */
import type { Model } from '../../pipeline/model.ts'
import { type Endpoint, type WriteOptions, type Written, write } from '../../text/endpoint.ts'

export interface Writer {
  /** What its answers are kept under. */
  readonly name: string
  write(prompt: string, options?: WriteOptions): Promise<Written>
}

/** What the model that is measured is called as a writer, wherever its folder lies. */
export const ITSELF = 'the model itself'

/** The model itself, in words alone. */
export const modelWriter = (model: Model): Writer => ({
  name: ITSELF,
  write: async (prompt, options) => {
    const { text, tokens } = await model.generate({ prompt, ...options })
    return { text, tokens: tokens.generated }
  },
})

/** A model behind an address. Throws what `write` throws. */
export const endpointWriter = (endpoint: Endpoint): Writer => ({
  name: [endpoint.url, endpoint.model].filter(Boolean).join(' '),
  write: (prompt, options) => write(endpoint, prompt, options),
})

/** The same, which writes each prompt once: its answers are recorded by `remember`, and replayed from there. */
export const recorded = (
  { name, ...writer }: Writer,
  remember: <T>(key: string, make: () => Promise<T>) => Promise<T>,
): Writer => ({
  name,
  write: (prompt, { signal, ...options } = {}) =>
    remember(`written by ${name}: ${JSON.stringify([prompt, options])}`, () =>
      writer.write(prompt, { ...options, signal }),
    ),
})
