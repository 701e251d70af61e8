/** One person's archive as the user may read it. Every reading stands in the access log, so that an archive is fetched
 when it is opened or was changed by the user, and not at each change of the street. */
import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, reactive, watch } from 'vue'
import { answer, archives } from '../../api'
import type { components } from '../../api/described/archives'

export type ArchiveFile = components['schemas']['ArchiveFile']
export type Archive = components['schemas']['Archive']
export type Entry = ArchiveFile['entries'][number]
export type Duty = components['schemas']['Duty']
export type Enrolment = components['schemas']['Enrolment']

/** Why the user reads archives that others keep, by person, as long as the page is open. */
const reasons = reactive(new Map<string, string>())
/** Until when what follows of a change of the user's own is awaited, by person. */
const awaited = new Map<string, number>()
/** Milliseconds within which duties follow what was entered. */
const FOLLOWS_WITHIN = 20_000

/** Say why somebody's archive is read that others keep. */
export function giveReason(person: string, reason: string): void {
  reasons.set(person, reason)
}

export function useArchive(person: () => string) {
  const queries = useQueryClient()
  const reason = computed(() => reasons.get(person()))
  const asked = useQuery({
    queryKey: computed(() => ['archive', person(), reason.value ?? '']),
    queryFn: () => {
      const query = reason.value ? { emergency: reason.value } : {}
      return answer(archives.GET('/archives/{person_id}', { params: { path: { person_id: person() }, query } }))
    },
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  })
  const readAnew = () => queries.invalidateQueries({ queryKey: ['archive', person()] })
  const told = useQuery({ queryKey: ['duties', 'told'], queryFn: () => Date.now(), staleTime: Infinity, refetchOnWindowFocus: false })
  watch(told.data, () => {
    if (Date.now() < (awaited.get(person()) ?? 0)) void readAnew()
  })
  return {
    file: asked.data,
    error: asked.error,
    reason,
    giveReason: (given: string) => giveReason(person(), given),
    /** Read again what the user changed, now and once its duties followed. */
    changed: () => {
      awaited.set(person(), Date.now() + FOLLOWS_WITHIN)
      return readAnew()
    },
  }
}
