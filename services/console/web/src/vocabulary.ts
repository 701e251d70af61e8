/** The field's words for the codes of the services, in both languages, from the table that the services share. */
import { ref } from 'vue'
import { inLanguage, language, words } from './language'
import type { Problem } from './api/problem'

interface Word {
  code: string
  zh: string
  en: string
}
interface Vocabulary {
  kinds: Record<string, Word[]>
  refusals: Record<string, { zh: string; en: string }>
}

const vocabulary = ref<Vocabulary>({ kinds: {}, refusals: {} })

export async function loadVocabulary(): Promise<void> {
  const response = await fetch('/vocabulary')
  if (response.ok) vocabulary.value = await response.json()
}

/** Return the word for a code of a kind; the code itself where nobody named it. */
export function nameCode(kind: string, code: string | null | undefined): string {
  if (code == null || code === '') return ''
  const found = vocabulary.value.kinds[kind]?.find((each) => each.code === code)
  return found?.[language.value] ?? code
}

/** Return the codes of a kind with their words, in the order of the table. */
export function choicesOf(kind: string): { value: string; label: string }[] {
  return (vocabulary.value.kinds[kind] ?? []).map((each) => ({ value: each.code, label: each[language.value] }))
}

/** Return a refusal in the field's words: the page's own where there are any, else the service's advice. */
export function explain(problem: Pick<Problem, 'code' | 'advice'>): string {
  const own = (words.value.problems as Record<string, string | undefined>)[problem.code]
  if (own) return own
  if (problem.advice) return inLanguage(problem.advice)
  return vocabulary.value.refusals[problem.code]?.[language.value] ?? `${words.value.problems.unknown} (${problem.code})`
}
