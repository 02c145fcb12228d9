/** `fovea/serve`: a model behind the interfaces that clients know. */
export { type BatchWorker, createWorker, type WorkerOptions } from './batches/redis/worker.ts'
export type { EngineOptions } from './engine/protocol.ts'
export type { LogEntry } from './http/app.ts'
export type { ReceiveLimits, StreamLimits } from './limits.ts'
export { type McpOptions, serveMcp } from './mcp/serve-mcp.ts'
export { createServer, type Server, type ServerOptions } from './server.ts'
