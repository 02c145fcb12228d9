/** `fovea/serve`: a model behind the interfaces that clients know. */
export type { EngineOptions } from './engine/protocol.ts'
export type { ReceiveLimits, StreamLimits } from './limits.ts'
export { type McpOptions, serveMcp } from './mcp/serve-mcp.ts'
export { createServer, type LogEntry, type Server, type ServerOptions } from './server.ts'
