import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import App from './App.vue'
import { Problem } from './api/problem'
import { widgets } from './parts/widgets'
import { router } from './router'
import './tokens.css'
import './style.css'

/** A refusal stays a refusal; only what may be over in a moment is asked again. */
const retry = (failed: number, error: Error) =>
  failed < 3 && navigator.onLine && error instanceof Problem && (error.status === 0 || error.status >= 500)

/** Without a connection a page says so at once, instead of waiting for one, and asks again when it is back. */
const withoutConnection = { networkMode: 'always', refetchOnReconnect: true } as const
const queries = new QueryClient({ defaultOptions: { queries: { retry, staleTime: 30_000, refetchOnWindowFocus: true, ...withoutConnection } } })
createApp(App).use(router).use(VueQueryPlugin, { queryClient: queries }).use(widgets).mount('#app')

if (import.meta.env.PROD) void navigator.serviceWorker?.register('/worker.js').then(() => navigator.serviceWorker.ready).then((ready) => ready.active?.postMessage('keep'))
