import { defineConfig } from 'tsdown'
import { builtPapers } from './tools/built-papers.ts'
import { licenses } from './tools/licenses.ts'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    cli: 'src/cli/main.ts',
    serve: 'src/serve/index.ts',
    ai: 'src/serve/ai/index.ts',
    'model-host': 'src/serve/engine/model-host.ts',
    worker: 'src/runtime/node/worker.ts',
    'engine-host': 'src/runtime/node/engine-host.ts',
    'probe-worker': 'src/media/video/probe-worker.ts',
    'image-worker': 'src/media/image-worker.ts',
  },
  format: 'esm',
  platform: 'node',
  target: 'node20',
  fixedExtension: false,
  dts: { entry: ['src/index.ts', 'src/serve/index.ts', 'src/serve/ai/index.ts'] },
  clean: true,
  // Packages without binaries become part of the build, and then need not be installed.
  deps: { onlyBundle: false },
  plugins: [licenses(), builtPapers()],
  // zod silences errors about its types in comments, which are lost when they are put into one file with ours.
  banner: { dts: '// @ts-nocheck' },
  // Names of functions and classes stay, for stacks.
  minify: {
    mangle: { keepNames: true },
    compress: { keepNames: { function: true, class: true } },
    codegen: { removeWhitespace: true },
  },
  checks: { pluginTimings: false },
  // The World finds its fonts beside the module that asks for them.
  copy: 'src/world/fonts',
})
