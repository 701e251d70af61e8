/** What pages of surveys ask for together: the questionnaires, and their texts in the user's language. */
import { useQuery } from '@tanstack/vue-query'
import { answer, outreach } from './api'
import type { components } from './api/described/outreach'
import { language } from './language'
import { session } from './session'

export type Survey = components['schemas']['Survey']
export type Questionnaire = components['schemas']['Questionnaire']
export type Rate = components['schemas']['Rate']
type Wording = components['schemas']['Wording']

export function useQuestionnaires() {
  const division = session.value!.division
  return useQuery({
    queryKey: ['questionnaires', division],
    queryFn: () => answer(outreach.GET('/questionnaires', { params: { query: { division } } })),
  })
}

/** Return a text in the user's language; in the other one where it was not written. */
export function textOf(wording: readonly Wording[] | undefined): string {
  return (wording?.find((each) => each.language === language.value) ?? wording?.[0])?.text ?? ''
}

export const percent = (share: number) => `${(share * 100).toFixed(1)}%`
