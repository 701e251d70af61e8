/** All subscriptions, as everybody may read them. */
import { useQuery } from '@tanstack/vue-query'
import { answer, feeds } from '../../api'
import type { Subscription } from './kinds'

/** Return every subscription; there are some dozens, since each is decided by hand. */
export function useSubscriptions() {
  return useQuery({ queryKey: ['subscriptions'], queryFn: readAll })
}

async function readAll(): Promise<Subscription[]> {
  const found: Subscription[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { subscriptions: Subscription[]; cursor: string | null } = await answer(feeds.GET('/subscriptions', { params: { query: { cursor, limit: 100 } } }))
    found.push(...page.subscriptions)
    cursor = page.cursor
  }
  return found
}
