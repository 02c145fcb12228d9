/** The most memory (resident set, in bytes) that this process has held so far, the engine's included. */
export const peakMemory = (): number => process.resourceUsage().maxRSS * 1024
