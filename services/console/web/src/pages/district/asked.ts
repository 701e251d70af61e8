/** What the pages of a district are asked about: a division, a period, a moment. It stands in the address, to be sent on. */
import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { dayFromNow } from '../../language'
import { session } from '../../session'

export type Period = 'month' | 'lastMonth' | 'quarter' | 'lastQuarter' | 'year' | 'lastYear'
export const GROUPS = ['everyone', 'floating', 'registered'] as const
export const PERIODS: Period[] = ['month', 'lastMonth', 'quarter', 'lastQuarter', 'year', 'lastYear']

/** Return the first and the last day of a period, the last one no later than today. */
export function daysOf(period: Period): { from: string; to: string } {
  const today = dayFromNow(0)
  const [year, month] = [Number(today.slice(0, 4)), Number(today.slice(5, 7))]
  const months = period.endsWith('onth') ? 1 : period.endsWith('uarter') ? 3 : 12
  const first = month - ((month - 1) % months) - (period.startsWith('last') ? months : 0)
  const to = dayOf(year, first + months, 0)
  return { from: dayOf(year, first, 1), to: to < today ? to : today }
}

/** Return a day as YYYY-MM-DD; the day 0 is the last one of the month before. */
function dayOf(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10)
}

/** Return the day before one. */
export function dayBefore(day: string): string {
  return new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10)
}

/** Return what is asked, as the address says, and a function that asks otherwise. */
export function useAsked() {
  const route = useRoute()
  const router = useRouter()
  const told = (name: string) => (typeof route.query[name] === 'string' ? route.query[name] : undefined)
  const usual = daysOf('year')
  const division = computed(() => told('division') ?? session.value!.division)
  const from = computed(() => told('from') ?? usual.from)
  const to = computed(() => told('to') ?? usual.to)
  const asOf = computed(() => told('as_of'))
  const group = computed(() => GROUPS.find((each) => each === told('group')) ?? 'everyone')
  const then = computed<{ as_of?: string }>(() => (asOf.value ? { as_of: asOf.value } : {}))
  const between = computed(() => ({ division: division.value, from: from.value, to: to.value, ...then.value }))
  const at = computed(() => ({ division: division.value, on: to.value, ...then.value }))
  const ask = (changes: Record<string, string | undefined>) => router.replace({ query: { ...route.query, ...changes } })
  return { division, from, to, asOf, group, between, at, ask, told }
}
