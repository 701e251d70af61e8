// Keeps the page itself on the device, so that it opens without a connection. It keeps nothing of what services answer.
const KEPT = 'page'
const LISTED = '/files.json'
const WORDS = '/vocabulary'

self.addEventListener('install', (event) => {
  event.waitUntil(keepPage().then(() => self.skipWaiting()))
})
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('message', (event) => event.waitUntil(keepPage()))

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== self.location.origin) return
  if (request.mode === 'navigate' && !/^\/(sign-in|signed-in|api)\b(?!-)/.test(pathname)) {
    event.respondWith(fetch(request).catch(() => caches.match('/index.html')))
  } else if (pathname.startsWith('/assets/') || pathname === '/bird.svg') {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)))
  } else if (pathname === WORDS || pathname === '/divisions') {
    event.respondWith(fetchOrKept(request))
  }
})

/** Keep every file of the page that is served now, and no other; the words that it says things in, too, once signed in. */
async function keepPage() {
  const cache = await caches.open(KEPT)
  const files = await (await fetch(LISTED, { cache: 'no-cache' })).json()
  const wanted = new Set(['/index.html', ...files.map((file) => `/${file}`)])
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url)
    if (pathname.startsWith('/assets/') && !wanted.has(pathname)) await cache.delete(request)
    else if (pathname.startsWith('/assets/')) wanted.delete(pathname)
  }
  await cache.addAll([...wanted])
  const words = await fetch(WORDS)
  if (words.ok) await cache.put(WORDS, words)
}

/** Return what is served, and what was served last where there is no connection: words and names, the same for all. */
async function fetchOrKept(request) {
  const cache = await caches.open(KEPT)
  try {
    const served = await fetch(request)
    if (served.ok) await cache.put(request, served.clone())
    return served
  } catch (error) {
    const kept = await cache.match(request)
    if (kept) return kept
    throw error
  }
}
