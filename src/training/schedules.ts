/** Learning-rate factor in [0, 1] for a step of a run of `total` steps. */
export type Schedule = (step: number, total: number) => number

/** Linear warm-up, then half a cosine down to `least` of the rate. */
export const cosine =
  (warmup: number, least = 0): Schedule =>
  (step, total) =>
    step < warmup
      ? (step + 1) / warmup
      : least + (1 - least) * 0.5 * (1 + Math.cos((Math.PI * (step - warmup)) / Math.max(1, total - warmup)))

/** Linear warm-up, a plateau, and a linear way down over the last `decay` share of the run. */
export const warmupStableDecay =
  (warmup: number, decay: number): Schedule =>
  (step, total) => {
    const left = (total - step) / Math.max(1, total * decay)
    return Math.min(1, (step + 1) / warmup, Math.max(0, left))
  }
