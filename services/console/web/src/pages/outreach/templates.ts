/** Templates of messages: which may be used for a division, and what is to be filled into one. */
import { useQuery } from '@tanstack/vue-query'
import { answer, outreach } from '../../api'
import type { components } from '../../api/described/outreach'
import { language } from '../../language'

export type Template = components['schemas']['Template']

export function useTemplates(division: string) {
  return useQuery({
    queryKey: ['message-templates', division],
    queryFn: () => answer(outreach.GET('/message-templates', { params: { query: { division } } })),
  })
}

/** Return a template's text in the user's language; in the other one where it was not written. */
export const textOfTemplate = ({ texts }: Template) => (texts.find((each) => each.language === language.value) ?? texts[0])?.body ?? ''

/** What the service fills in by itself. */
const FILLED = new Set(['message', 'number'])

/** Return the fields of a template that whoever sends it fills in. */
export function fieldsToFill(template: Template): string[] {
  const found = template.texts.flatMap(({ body, subject }) => [...`${body}${subject ?? ''}`.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!))
  return [...new Set(found)].filter((name) => !FILLED.has(name))
}
