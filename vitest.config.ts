import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: 'quick', include: ['tests/**/*.test.ts'], exclude: ['tests/**/*.slow.test.ts'] },
      },
      { extends: true, test: { name: 'slow', include: ['tests/**/*.slow.test.ts'], testTimeout: 600_000 } },
    ],
  },
})
