import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: '../dist/studio',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    // The font is a file: the policy of the pages lets none be written into a stylesheet.
    assetsInlineLimit: 0,
    license: { fileName: 'licenses.md' },
  },
  // For work on the pages: `./fovea studio` beside `npx vite studio`.
  server: { proxy: { '/fovea': 'http://127.0.0.1:8080', '/v1': 'http://127.0.0.1:8080' } },
})
