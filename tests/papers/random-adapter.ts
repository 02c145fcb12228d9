export * from '../../src/papers/reports/random-weights.ts'
