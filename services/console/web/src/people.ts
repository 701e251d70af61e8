/** Masked names of people by their ids (李*满), fetched many at a time for a stated reason, and forgotten with the page. */
import { reactive, ref } from 'vue'
import { answer, registration } from './api'
import type { components } from './api/described/registration'

export type Masked = components['schemas']['MaskedIdentity']

const known = reactive(new Map<string, Masked | null>())
const wanted = new Map<string, Set<string>>()
/** Who was asked for and not answered yet. */
const asked = new Set<string>()
/** Whoever could not be asked for is asked for again once there is a connection. */
const connections = ref(1)
addEventListener('online', () => connections.value++)
/** Ids that one request asks for. */
const MOST = 100

/** Return who an id stands for, as far as a list may say; undefined until it has come, null if it may not be said. */
export function maskedPerson(id: string, reason: string): Masked | null | undefined {
  const found = known.get(id)
  if (found !== undefined || asked.has(id) || !connections.value) return found
  if (!wanted.size) setTimeout(fetchWanted)
  wanted.set(reason, (wanted.get(reason) ?? new Set()).add(id))
  return undefined
}

async function fetchWanted(): Promise<void> {
  const now = [...wanted]
  wanted.clear()
  for (const [reason, ids] of now) {
    const all = [...ids].filter((id) => !known.has(id) && !asked.has(id))
    for (let at = 0; at < all.length; at += MOST) await fetchSome(all.slice(at, at + MOST), reason)
  }
}

async function fetchSome(people: string[], reason: string): Promise<void> {
  for (const id of people) asked.add(id)
  const told = await answer(registration.POST('/identities', { body: { people, reason } })).catch(() => null)
  for (const id of people) {
    asked.delete(id)
    if (told) known.set(id, told.identities.find(({ person_id }) => person_id === id) ?? null)
  }
}
