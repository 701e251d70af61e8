/** Lists that the services give page by page, each page with the cursor of the next. */
import { useInfiniteQuery } from '@tanstack/vue-query'
import { computed } from 'vue'

interface Page {
  cursor?: string | null
}

/** Return the rows of all pages read so far, and how to read on; the key's first part is the topic whose changes it follows.

 `every` are milliseconds after which it is read again, for what nobody tells of.
 */
export function usePages<Told extends Page, Row>(
  key: () => readonly unknown[], read: (cursor: string) => Promise<Told>, rowsOf: (page: Told) => Row[], every?: number,
) {
  const asked = useInfiniteQuery({
    queryKey: computed(key),
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: '',
    getNextPageParam: (page: Told) => page.cursor ?? undefined,
    refetchInterval: every,
  })
  const rows = computed(() => asked.data.value?.pages.flatMap(rowsOf))
  return {
    rows,
    error: asked.error,
    hasMore: asked.hasNextPage,
    loadingMore: asked.isFetchingNextPage,
    more: () => asked.fetchNextPage(),
    retry: () => asked.refetch(),
  }
}
