/** The indicators by their codes, and how a division stands with its targets. */
import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { answer, reporting } from '../../api'

export const STANDINGS = ['missed', 'at_risk', 'open', 'achieved', 'unmeasured'] as const
export type Standing = (typeof STANDINGS)[number]
const TONES: Partial<Record<Standing, 'late' | 'soon' | 'done'>> = { missed: 'late', at_risk: 'soon', achieved: 'done' }

export const toneOf = (standing: Standing) => TONES[standing]

/** Return what each indicator means, by its code. */
export function useIndicators() {
  const all = useQuery({ queryKey: ['indicators', 'all'], queryFn: () => answer(reporting.GET('/indicators')), staleTime: Infinity })
  const about = computed(() => new Map((all.data.value ?? []).map((each) => [each.code, each])))
  return { about, error: all.error }
}

/** Return how a division, and what lies in it, stands with its targets at a day. */
export function useStandings(division: Ref<string>, on: Ref<string>, asOf: Ref<string | undefined>) {
  return useQuery({
    queryKey: computed(() => ['targets', 'standings', division.value, on.value, asOf.value]),
    queryFn: () => answer(reporting.GET('/targets/standings', { params: { query: { division: division.value, on: on.value, as_of: asOf.value } } })),
  })
}
