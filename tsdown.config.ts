import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: { index: 'src/index.ts', cli: 'src/cli/main.ts', worker: 'src/runtime/node/worker.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node20',
  fixedExtension: false,
  dts: { entry: 'src/index.ts' },
  clean: true,
  // The World finds its fonts beside the module that asks for them.
  copy: [{ from: 'src/world/fonts', to: 'dist' }],
})
