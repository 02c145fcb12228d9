/**
 * Fovea: vision-language models in TypeScript, and ways of spending fewer visual tokens as small programs.
 */

export type { Embedder } from './embedding/embedder.ts'
export type { Embeddings, EmbedOptions, Embeds, Note, Similarity } from './embedding/embedder-parts.ts'
export type { MethodEmbedder } from './embedding/method-embedder.ts'
export { FoveaError } from './errors.ts'
export { loadModel } from './evaluation/load-model.ts'
export { quantizeModel } from './evaluation/quantize-model.ts'
export { type DownloadProgress, type ResolveOptions, resolveModel } from './hub/resolve.ts'
export * as hub from './loading/node-hub.ts'
export type { LoadOptions } from './loading/node-load.ts'
export { type LoadEmbedderOptions, type LoadMethodEmbedderOptions, loadEmbedder } from './loading/node-load-embedder.ts'
export { decodeImage } from './media/decode.ts'
export type { GivenImage, ImageInput, RgbImage } from './media/image.ts'
export { readImage } from './media/read-image.ts'
export type { FrameSource, VideoFacts } from './media/video/frame-source.ts'
export { openVideo, type ReadVideoOptions, readVideo, type VideoInput } from './media/video/read-video.ts'
export { type SampleOptions, sampleVideo } from './media/video/sample-video.ts'
export type { FrameBudget, FrameSampler } from './media/video/sampling.ts'
export type { Video, VideoOrigin } from './media/video.ts'
export { everyReducer, type OwnReducer } from './papers/bench/arms.ts'
export { type BenchOptions, type BenchRun, benchReduce } from './papers/bench/run.ts'
export { describeUnit, encodeUnits, unitPool } from './papers/interpretability/lavca/unit.ts'
export { buildMethod, parseMethod, runnable } from './papers/methods.ts'
export { type Kind, type Paper, paper } from './papers/paper.ts'
export { filterPapers, findPaper, papers } from './papers/registry.ts'
export type { Arm, Lab } from './papers/reports/lab.ts'
export { type ReproduceOptions, type Reproduction, reproduce } from './papers/reports/reproduce.ts'
export { type PaperResults, type PartResult, readResults } from './papers/reports/results.ts'
export type { PaperFigure, Part, Row } from './papers/reports/row.ts'
export { type Standing, standingOf } from './papers/reports/standing.ts'
export { type Trained, type TrainOptions, trainable, trainMethod } from './papers/train.ts'
export type { ExplainedLayer, Explaining, Explanation, Guess, Said, Word } from './pipeline/explain/explain.ts'
export { compose, dense } from './pipeline/method/compose.ts'
export type { Branch, Method, TalkSide } from './pipeline/method/method.ts'
export { gatherRows } from './pipeline/method/rows.ts'
export { keepVisual, lastAttention, type Sequence } from './pipeline/method/sequence.ts'
export type { LogitsSite, Request, Step, StepSite, TalkSite } from './pipeline/method/talk-side.ts'
export {
  clsAttention,
  keepTokens,
  patchKeys,
  regroup,
  type VisualTokens,
} from './pipeline/method/visual-tokens.ts'
export type { ConverseOptions, GenerateOptions, MessagesOptions, Model, PromptOptions } from './pipeline/model.ts'
export type { EncodedImage, ModelParts } from './pipeline/parts.ts'
export type { SeenVideo } from './pipeline/pictures/seen-video.ts'
export {
  type MemoryEstimate,
  type Precision,
  type PrecisionReport,
  precisionLine,
} from './pipeline/precision-report.ts'
export type { SeenFrame, Stream } from './pipeline/stream/stream.ts'
export type { AskOptions } from './pipeline/talk/ask-options.ts'
export { replyFrom, silently } from './pipeline/talk/calls.ts'
export type { Conversation } from './pipeline/talk/conversation.ts'
export type { PromptCount } from './pipeline/talk/count.ts'
export type { OneOrMore } from './pipeline/talk/given.ts'
export type { ContentPart, Message } from './pipeline/talk/message.ts'
export type { Reply } from './pipeline/talk/reply.ts'
export type { ReplyStream } from './pipeline/talk/reply-stream.ts'
export type { CalibrationSample } from './quantization/calibration.ts'
export { estimateMemory } from './quantization/estimate.ts'
export type { Calibration, QuantizeProgress } from './quantization/node-precision.ts'
export type { Device } from './runtime/index.ts'
export * as tensor from './tensor/index.ts'
export type { SamplingOptions } from './text/sampling.ts'
export { mergeLora } from './training/lora.ts'
export type { Recipe, TrainingStage } from './training/recipe.ts'
