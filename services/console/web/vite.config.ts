import vue from '@vitejs/plugin-vue'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** Write each file of the page compressed beside itself, once, instead of at every request. */
function compress(): Plugin {
  return {
    name: 'compress',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      for (const [name, made] of Object.entries(bundle)) {
        const content = Buffer.from(made.type === 'chunk' ? made.code : made.source)
        if (content.length < 1024) continue
        const best = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
        this.emitFile({ type: 'asset', fileName: `${name}.br`, source: brotliCompressSync(content, { params: best }) })
        this.emitFile({ type: 'asset', fileName: `${name}.gz`, source: gzipSync(content, { level: 9 }) })
      }
    },
  }
}

/** List the files of the page, for the worker that keeps them on devices. */
function listFiles(): Plugin {
  return {
    name: 'list-files',
    apply: 'build',
    generateBundle(_, bundle) {
      this.emitFile({ type: 'asset', fileName: 'files.json', source: JSON.stringify([...Object.keys(bundle), 'bird.svg']) })
    },
  }
}

/** While the page is being written it is served by Vite, and everything else by the console. */
const OWN = ['/api', '/session', '/sign-in', '/signed-in', '/sign-out', '/live', '/vocabulary', '/divisions']
const CONSOLE = process.env.CONSOLE ?? 'http://127.0.0.1:8000'

export default defineConfig({
  plugins: [vue(), listFiles(), compress()],
  server: { proxy: Object.fromEntries(OWN.map((path) => [`^${path}(?![-\\w])`, CONSOLE])) },
  build: {
    target: 'chrome94', // the oldest Chromium in browsers on offices' computers: 360, UOS, Kylin
    assetsInlineLimit: 0, // a strict policy of contents loads files alone
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
})
