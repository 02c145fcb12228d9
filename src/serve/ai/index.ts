/** `fovea/ai`: models of this machine for the AI SDK, without a server. */

export { type FoveaReport, foveaReport } from './answer.ts'
export { createFovea, type FoveaProvider, fovea, type ProviderOptions } from './provider.ts'
export type { FoveaImageOptions, FoveaSettings } from './settings.ts'
