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
  return wordFor(kind, code) ?? code
}

/** Return what a form calls a field of a model; undefined where nobody named it. */
export function labelOf(model: string, name: string): string | undefined {
  return wordFor('field', `${model}.${name}`) ?? wordFor('field', name)
}

/** Return the unit in which a field is measured, if it has one. */
export function unitOf(name: string): string | undefined {
  return wordFor('unit', name)
}

function wordFor(kind: string, code: string): string | undefined {
  return vocabulary.value.kinds[kind]?.find((each) => each.code === code)?.[language.value]
}

/** Return the codes of a kind with their words, in the order of the table. */
export function choicesOf(kind: string): { value: string; label: string }[] {
  return (vocabulary.value.kinds[kind] ?? []).map((each) => ({ value: each.code, label: each[language.value] }))
}

/** Return a refusal in the field's words: the page's own where there are any, else the service's advice. */
export function explain(problem: Pick<Problem, 'code' | 'advice'>): string {
  const own = (words.value.problems as Record<string, string | undefined>)[problem.code]
  if (own) return own
  const known = vocabulary.value.refusals[problem.code]?.[language.value]
  return known ?? (problem.advice ? inLanguage(problem.advice) : `${words.value.problems.unknown} (${problem.code})`)
}
