/** What a combination of tokens and bits costs, in one unit. */

/** How wide weights are that were not quantized. */
export const FULL_BITS = 16

/** Operations on the bits of weights, over those of the dense model: FLOPs of the prefill times the width of what they read. */
export const bitOperations = (flops: number, bits: number): number => (flops * bits) / FULL_BITS

/** Mean over `layers` of the tokens, `kept` of `all` from layer `from` on. */
export const meanTokens = (all: number, kept: number, { from, layers }: { from: number; layers: number }): number =>
  (from * all + (layers - from) * kept) / layers
