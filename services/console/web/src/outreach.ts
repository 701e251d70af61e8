/** What pages of health education ask for together: the year's health days, activities, institutions, educators. */
import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { answer, outreach } from './api'
import type { components } from './api/described/outreach'
import { dayFromNow, inWords, language } from './language'
import type { Choice } from './parts/shapes'
import { session } from './session'
import { nameCode } from './vocabulary'
import * as outreachWords from './words/outreach'

export type Activity = components['schemas']['Activity']
export type Occasion = components['schemas']['OccasionShown']
export type Institution = components['schemas']['Institution']
export type Tone = 'late' | 'soon' | 'done' | undefined
const words = inWords(outreachWords)
/** Institutions and educators that one request asks for. */
const MOST = 500

/** Return whether the user's role may record in health education; a district official reads. */
export const mayRecord = computed(() => session.value?.role !== 'district')
export const isStreet = (division: string) => division.length === 9

/** Return the street that forms send without asking; nothing for who answers for several. */
export const ownStreet = (): { street?: string } => (isStreet(session.value!.division) ? { street: session.value!.division } : {})

export function useOccasions(year: () => number) {
  const division = session.value!.division
  return useQuery({
    queryKey: computed(() => ['activities', 'occasions', division, year()]),
    queryFn: () => answer(outreach.GET('/calendar', { params: { query: { division, year: year() } } })),
  })
}

export function useActivities(period: () => { since: string; until: string }) {
  const division = session.value!.division
  return useQuery({
    queryKey: computed(() => ['activities', 'list', division, period()]),
    queryFn: () => answer(outreach.GET('/activities', { params: { query: { division, ...period() } } })),
  })
}

export function useInstitutions() {
  const division = session.value!.division
  return useQuery({
    queryKey: ['institutions', 'open', division],
    queryFn: async () => {
      const page = await answer(outreach.GET('/institutions', { params: { query: { division, limit: MOST } } }))
      return page.institutions.filter(({ closed_on }) => !closed_on)
    },
  })
}

export function useEducators() {
  const division = session.value!.division
  return useQuery({
    queryKey: ['educators', 'active', division],
    queryFn: async () => {
      const query = { division, active_on: dayFromNow(0), limit: MOST }
      return (await answer(outreach.GET('/educators', { params: { query } }))).educators
    },
  })
}

/** Return institutions as choices: those of a street, if one is chosen. */
export function institutionChoices(institutions: Institution[] | undefined, street: unknown): Choice[] {
  const there = (institutions ?? []).filter((each) => !street || each.street === street)
  return there.map(({ institution_id, title, kind }) => ({ value: institution_id, label: `${title} · ${nameCode('InstitutionKind', kind)}` }))
}

export const nameOccasion = (occasion: Occasion) => (language.value === 'zh' ? occasion.title : occasion.title_en)

/** Return how a health day stands, by colour; what is to be planned is soon, what was not in time is late. */
export function toneOfOccasion({ progress }: Occasion): Tone {
  return ({ late: 'late', missed: 'late', open: 'soon', held: 'done' } as const)[progress as string]
}

/** Return whether an activity's day is over and nobody recorded how it went. */
export const isUnrecorded = ({ state, planned_on }: Activity) => (state === 'planned' || state === 'publicised') && planned_on < dayFromNow(0)

/** Return whether an activity was held and its evidence was not handed in yet. */
export const lacksEvidence = ({ held_on, evidence_complete_on }: Activity) => !!held_on && !evidence_complete_on

export function toneOfActivity(activity: Activity): Tone {
  if (isUnrecorded(activity)) return 'late'
  if (lacksEvidence(activity)) return 'soon'
  return activity.held_on ? 'done' : undefined
}

/** Return how an activity stands: what is still to be recorded of it before what already is. */
export function stateOfActivity(activity: Activity): string {
  if (isUnrecorded(activity)) return words.value.notRecorded
  return lacksEvidence(activity) ? words.value.evidenceMissing : nameCode('ActivityState', activity.state)
}
