/** What changes elsewhere reaches the page by itself: one stream for all tabs of a browser, and pages fetch anew by topic. */
import type { QueryClient } from '@tanstack/vue-query'
import { ref } from 'vue'

export const isLive = ref(true)
/** Milliseconds in which changes of one topic are gathered, so that a busy street doesn't keep its pages fetching. */
const GATHERED = 300

type Told = { topic: string } | { again: true } | { live: boolean }

/** Follow changes in the tab that holds the lock, and tell them to all tabs; the others wait to take its place. */
export function followChanges(queries: QueryClient): void {
  const channel = new BroadcastChannel('changes')
  channel.onmessage = ({ data }: MessageEvent<Told>) => take(data)
  const tell = (told: Told) => {
    channel.postMessage(told)
    take(told)
  }
  void navigator.locks.request('changes', () => new Promise(() => open(tell)))

  const changed = new Set<string>()
  let gathering: ReturnType<typeof setTimeout> | undefined
  function take(told: Told): void {
    if ('live' in told) isLive.value = told.live
    else if ('again' in told) void queries.invalidateQueries()
    else {
      changed.add(told.topic)
      gathering ??= setTimeout(fetchAnew, GATHERED)
    }
  }
  function fetchAnew(): void {
    gathering = undefined
    for (const topic of changed) void queries.invalidateQueries({ queryKey: [topic] })
    changed.clear()
  }
}

function open(tell: (told: Told) => void): void {
  const stream = new EventSource('/live')
  let missed = false
  stream.addEventListener('change', ({ data }) => tell(JSON.parse(data)))
  stream.addEventListener('back', () => tell({ again: true }))
  stream.onopen = () => {
    tell({ live: true })
    if (missed) tell({ again: true })
    missed = false
  }
  stream.onerror = () => {
    missed = true
    tell({ live: false })
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => open(tell), 5000)
  }
}
