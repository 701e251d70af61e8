/** What was entered without a connection: kept sealed on this device, sent when there is one again, each once.

 What a service refuses by then stays, with the reason, until the user corrects or drops it. Signing out drops everything.
 */
import { ref } from 'vue'
import { Problem, send, type Service } from './api'
import { storeDraft } from './drafts'
import { open, publicPart, seal, type Sealed } from './sealed'
import { session } from './session'

export interface Entered {
  service: Service
  method: string
  path: string
  body: unknown
  /** The key by which the service knows the request again, so that it counts once however often it is sent. */
  key: string
  /** What the user reads in the list of what waits; nothing that says who somebody is. */
  title: string
  at: string
  /** Where it was entered, under which name the form keeps its draft, and what was typed: to correct it there. */
  place: string
  draft?: string
  values: Record<string, unknown>
}
export interface Waiting {
  id: number
  entered: Entered
  refused?: Problem
}
interface Device {
  number: string
  publicKey?: JsonWebKey
}
interface Kept {
  id: number
  sealed: Sealed
}

/** What waits and can be read; `unreadable` counts what another account entered here. */
export const waiting = ref<Waiting[]>([])
export const unreadable = ref(0)
/** Milliseconds after which sending is tried again while something waits. */
const TRY_AGAIN = 30_000
let keys: JsonWebKey[] = []

/** Fetch this user's keys if there is a connection, then send what waits, now and whenever a connection is back. */
export async function startOutbox(): Promise<void> {
  addEventListener('online', () => void sendWaiting())
  setInterval(() => waiting.value.length && void sendWaiting(), TRY_AGAIN)
  await sendWaiting()
}

/** Keep a request until there is a connection; throw if this device never had one while the user was signed in. */
export async function keepForLater(entered: Entered): Promise<void> {
  const { publicKey } = await device()
  if (!publicKey) throw new Problem('cannot_keep')
  const sealed = await seal(entered, publicKey)
  await write('waiting', (store) => store.add({ sealed }))
  await look()
}

/** Put what was refused back into its form, and return the address of the page where that is. */
export async function takeBack({ id, entered }: Waiting): Promise<string> {
  if (entered.draft) storeDraft(entered.draft, entered.values)
  await drop(id)
  return entered.place
}

export async function drop(id: number): Promise<void> {
  await write('waiting', (store) => store.delete(id))
  await look()
}

/** Forget everything that waits, and the number without which none of it can ever be read. */
export async function forgetOutbox(): Promise<void> {
  await write('waiting', (store) => store.clear())
  await write('device', (store) => store.clear())
  keys = []
}

/** Send what waits, the oldest first, in one tab at a time; stop where there is no connection. */
export async function sendWaiting(): Promise<void> {
  await navigator.locks.request('outbox', async () => {
    await fetchKeys()
    await look()
    for (const each of waiting.value.filter(({ refused }) => !refused)) {
      const { service, method, path, body, key } = each.entered
      try {
        await send(service, method, path, body, key)
        await drop(each.id)
      } catch (error) {
        if (!(error instanceof Problem) || isPassing(error)) return
        each.refused = error
      }
    }
  })
}

/** Return whether a refusal says nothing of the request itself: no connection, a service away, a session that is over. */
function isPassing({ status }: Problem): boolean {
  return status === 0 || status === 401 || status === 429 || status >= 500
}

async function fetchKeys(): Promise<void> {
  if (keys.length || !session.value) return
  const { number } = await device()
  const asked = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ device: number }) }
  const response = await fetch('/session/keys', asked).catch(() => null)
  if (!response?.ok) return
  keys = ((await response.json()) as { keys: JsonWebKey[] }).keys
  await write('device', (store) => store.put({ number, publicKey: publicPart(keys[0]!) }, 0))
}

async function look(): Promise<void> {
  const kept = await read<Kept[]>('waiting', (store) => store.getAll())
  const opened = await Promise.all(kept.map(async ({ id, sealed }) => ({ id, entered: (await open(sealed, keys)) as Entered | null })))
  const refused = new Map(waiting.value.map((each) => [each.id, each.refused]))
  waiting.value = opened.flatMap(({ id, entered }) => (entered ? [{ id, entered, refused: refused.get(id) }] : []))
  unreadable.value = opened.length - waiting.value.length
}

async function device(): Promise<Device> {
  const known = await read<Device | undefined>('device', (store) => store.get(0))
  if (known) return known
  const number = [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  await write('device', (store) => store.put({ number }, 0))
  return { number }
}

const opening = new Promise<IDBDatabase>((resolve, reject) => {
  const request = indexedDB.open('houniao', 1)
  request.onupgradeneeded = () => {
    request.result.createObjectStore('waiting', { keyPath: 'id', autoIncrement: true })
    request.result.createObjectStore('device')
  }
  request.onsuccess = () => resolve(request.result)
  request.onerror = () => reject(request.error ?? new Error('indexedDB'))
})

async function read<Found>(store: string, ask: (store: IDBObjectStore) => IDBRequest): Promise<Found> {
  const database = await opening
  return new Promise((resolve, reject) => {
    const request = ask(database.transaction(store).objectStore(store))
    request.onsuccess = () => resolve(request.result as Found)
    request.onerror = () => reject(request.error ?? new Error(store))
  })
}

async function write(store: string, change: (store: IDBObjectStore) => IDBRequest): Promise<void> {
  const database = await opening
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(store, 'readwrite', { durability: 'strict' })
    change(transaction.objectStore(store))
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new Error(store))
  })
}
