/**
 * Fovea: vision-language models in TypeScript, and every published way of spending visual tokens as a small program.
 */
export { FoveaError } from './errors.ts'
export { loadModel } from './evaluation/load-model.ts'
export { type DownloadProgress, type ResolveOptions, resolveModel } from './hub/resolve.ts'
export { decodeImage } from './media/decode.ts'
export type { RgbImage } from './media/image.ts'
export { readImage } from './media/read-image.ts'
export type { FrameSource, VideoFacts } from './media/video/frame-source.ts'
export { openVideo, type ReadVideoOptions, readVideo, type VideoInput } from './media/video/read-video.ts'
export { type SampleOptions, sampleVideo } from './media/video/sample-video.ts'
export type { FrameBudget, FrameSampler } from './media/video/sampling.ts'
export type { Video, VideoOrigin } from './media/video.ts'
export { buildMethod, parseMethod, runnable } from './papers/methods.ts'
export { type Kind, type Paper, paper, state } from './papers/paper.ts'
export { filterPapers, findPaper, papers } from './papers/registry.ts'
export type { Conversation } from './pipeline/conversation.ts'
export type { Embedder } from './pipeline/embedder.ts'
export type { Embeddings, EmbedOptions, Similarity } from './pipeline/embedder-parts.ts'
export type { ContentPart, Message } from './pipeline/messages.ts'
export { compose, dense, type Method } from './pipeline/method.ts'
export type { GenerateOptions, MessagesOptions, Model, PromptOptions } from './pipeline/model.ts'
export * as hub from './pipeline/node-hub.ts'
export type { LoadOptions } from './pipeline/node-load.ts'
export { type LoadEmbedderOptions, loadEmbedder } from './pipeline/node-load-embedder.ts'
export type { AskOptions, EncodedImage, ModelParts } from './pipeline/parts.ts'
export type { CalibrationSample } from './pipeline/quantization/calibration.ts'
export { estimateMemory, type MemoryEstimate } from './pipeline/quantization/estimate.ts'
export type { Calibration } from './pipeline/quantization/node-precision.ts'
export type { Precision } from './pipeline/quantization/plan.ts'
export { type PrecisionReport, precisionLine } from './pipeline/quantization/precision-report.ts'
export type { Reply } from './pipeline/reply.ts'
export type { ReplyStream } from './pipeline/reply-stream.ts'
export type { SeenVideo } from './pipeline/seen-video.ts'
export { keepVisual, lastAttention, type Sequence } from './pipeline/sequence.ts'
export {
  clsAttention,
  gatherRows,
  keepTokens,
  patchKeys,
  regroup,
  type VisualTokens,
} from './pipeline/visual-tokens.ts'
export type { Device } from './runtime/index.ts'
export * as tensor from './tensor/index.ts'
export type { SamplingOptions } from './text/sampling.ts'
