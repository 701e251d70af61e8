import vue from '@vitejs/plugin-vue'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** List the files of the page, for the worker that keeps them on devices, and write each compressed beside itself. */
function pack(): Plugin {
  return {
    name: 'pack',
    apply: 'build',
    async writeBundle({ dir }, bundle) {
      const files = [...Object.keys(bundle), 'bird.svg']
      await writeFile(join(dir!, 'files.json'), JSON.stringify(files))
      for (const name of files) {
        const content = await readFile(join(dir!, name))
        if (content.length < 1024) continue
        const best = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
        await writeFile(join(dir!, `${name}.br`), brotliCompressSync(content, { params: best }))
        await writeFile(join(dir!, `${name}.gz`), gzipSync(content, { level: 9 }))
      }
    },
  }
}

/** While the page is being written it is served by Vite, and everything else by the console. */
const OWN = ['/api', '/session', '/sign-in', '/signed-in', '/sign-out', '/live', '/vocabulary', '/divisions']
const CONSOLE = process.env.CONSOLE ?? 'http://127.0.0.1:8000'

export default defineConfig({
  plugins: [vue(), pack()],
  server: { proxy: Object.fromEntries(OWN.map((path) => [`^${path}(?![-\\w])`, CONSOLE])) },
  build: {
    target: 'chrome94', // the oldest Chromium in browsers on offices' computers: 360, UOS, Kylin
    assetsInlineLimit: 0, // a strict policy of contents loads files alone
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
})
