/** What was typed into a form outlives a reload and an expired session: kept for this tab, gone with the sign-out. */
import { reactive, watch } from 'vue'

type Values = Record<string, unknown>

/** Keep values as if they had been typed into a form. */
export function storeDraft(name: string, values: Values): void {
  sessionStorage.setItem(`draft:${name}`, JSON.stringify(values))
}

/** Return a form's values as they were left, a function that empties it, and whether anything was left.

 What is typed is kept from now on under the name; without a name nothing is.
 */
export function keepDraft(name: string | undefined, empty: () => Values): [Values, () => void, boolean] {
  const key = name && `draft:${name}`
  const kept = key ? sessionStorage.getItem(key) : null
  const values = reactive<Values>({ ...empty(), ...(kept ? JSON.parse(kept) : {}) })
  const keep = () => key && sessionStorage.setItem(key, JSON.stringify(values))
  watch(values, keep, { deep: true, flush: 'sync' })
  const forget = () => {
    for (const field of Object.keys(values)) delete values[field]
    Object.assign(values, empty())
    if (key) sessionStorage.removeItem(key)
  }
  return [values, forget, kept !== null]
}
