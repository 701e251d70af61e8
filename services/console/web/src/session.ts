/** Who is signed in, and what becomes of the page when that is over: it stays, with all that was typed. */
import { ref, watch } from 'vue'

export type Role = 'clerk' | 'health_worker' | 'supervisor' | 'district' | 'integrator' | 'admin'

export interface Session {
  subject: string
  name: string
  role: Role
  division: string
  division_name: string
  expires_at: string
}

export const session = ref<Session | null>(null)
/** Comes true once it is known whether anybody is signed in; no page is shown before. */
export const sessionKnown = new Promise<void>((known) => watch(session, () => known(), { once: true }))
/** Whether the user is asked to sign in again, in a window of its own beside the page. */
export const signingInAgain = ref(false)
/** Whether another person signed in meanwhile: what stands on the page is not for them. */
export const someoneElse = ref(false)

/** The post under which this device was used last, so that forms open without a connection. */
const LAST = 'last-post'

/** Fetch who is signed in; null if nobody is. Throw if the console can't be reached. */
export async function loadSession(): Promise<Session | null> {
  const response = await fetch('/session')
  if (response.status === 204 || response.status === 401) return null
  if (!response.ok) throw new Error(`session: ${response.status}`)
  const told: Session = await response.json()
  localStorage.setItem(LAST, JSON.stringify(told))
  return told
}

/** Return who used this device last and did not sign out; null if nobody did. */
export function lastSession(): Session | null {
  const kept = localStorage.getItem(LAST)
  return kept ? JSON.parse(kept) : null
}

/** Leave for the provider's page, and come back to where the user wanted to go. */
export function signIn(choose = false): void {
  const to = encodeURIComponent(location.pathname + location.search)
  location.assign(`/sign-in?to=${to}${choose ? '&choose=true' : ''}`)
}

/** Sign out here and at the provider, and forget the drafts of this tab. */
export async function signOut(): Promise<void> {
  sessionStorage.clear()
  localStorage.removeItem(LAST)
  await fetch('/sign-out', { method: 'POST' })
  location.assign('/')
}

export function askToSignIn(): void {
  if (session.value) signingInAgain.value = true
}

/** Open the provider's page in a window; when it comes back, the page goes on as the same user. */
export function signInAgain(): void {
  const opened = window.open('/sign-in?to=/signed-in-again', 'sign-in', 'width=520,height=680')
  const channel = new BroadcastChannel('sign-in')
  channel.onmessage = async () => {
    channel.close()
    opened?.close()
    const again = await loadSession()
    if (!again) return
    someoneElse.value = again.subject !== session.value?.subject || again.division !== session.value?.division
    if (!someoneElse.value) {
      session.value = again
      signingInAgain.value = false
    }
  }
}

/** Tell the page that opened this window that somebody signed in. */
export function tellSignedInAgain(): void {
  new BroadcastChannel('sign-in').postMessage('signed in')
}
