/** The services as the page calls them: through the console, with the types of their own OpenAPI documents. */
import createClient from 'openapi-fetch'
import type { paths as Archives } from './described/archives'
import type { paths as Feeds } from './described/feeds'
import type { paths as Outreach } from './described/outreach'
import type { paths as Registration } from './described/registration'
import type { paths as Reporting } from './described/reporting'
import { askToSignIn } from '../session'
import { Problem, problemOf } from './problem'

export { Problem } from './problem'

export const registration = createClient<Registration>({ baseUrl: '/api/registration' })
export const archives = createClient<Archives>({ baseUrl: '/api/archives' })
export const outreach = createClient<Outreach>({ baseUrl: '/api/outreach' })
export const reporting = createClient<Reporting>({ baseUrl: '/api/reporting' })
export const feeds = createClient<Feeds>({ baseUrl: '/api/feeds' })

export type Service = 'registration' | 'archives' | 'outreach' | 'reporting' | 'feeds'

interface Answered<Data> {
  data?: Data
  error?: unknown
  response: Response
}

/** Return what a service answered; throw a Problem if it refused, and have the user sign in again where that is why. */
export async function answer<Data>(asked: Promise<Answered<Data>>): Promise<NonNullable<Data>> {
  const { data, error, response } = await asked.catch(() => {
    throw new Problem('unreachable')
  })
  if (response.ok) return (data ?? {}) as NonNullable<Data>
  const problem = problemOf(response.status, error)
  if (problem.status === 401) askToSignIn()
  throw problem
}

/** Return what any route answers to a body, for forms that are made from its description; throw a Problem if refused. */
export async function send(service: Service, method: string, path: string, body: unknown, key: string): Promise<unknown> {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key }
  const asked = fetch(`/api/${service}${path}`, { method, headers, body: JSON.stringify(body) })
  return answer(asked.then(read))
}

/** Return what a route answers to a file that is handed in with some fields; throw a Problem if refused.

 `told` hears how much of it is sent, from 0 to 1.
 */
export async function handIn(
  service: Service, path: string, file: File, fields: Record<string, string>, key: string, told?: (share: number) => void,
): Promise<unknown> {
  const body = new FormData()
  body.set('file', file)
  for (const [name, value] of Object.entries(fields)) body.set(name, value)
  return answer(sendForm(`/api/${service}${path}`, body, key, told).then(read))
}

/** Send a form as fetch does, which can't tell how far it is. */
function sendForm(path: string, body: FormData, key: string, told?: (share: number) => void): Promise<Response> {
  return new Promise((take, fail) => {
    const request = new XMLHttpRequest()
    request.open('POST', path)
    request.setRequestHeader('Idempotency-Key', key)
    request.upload.onprogress = ({ loaded, total }) => told?.(loaded / total)
    request.onload = () => take(new Response(request.status === 204 ? null : request.responseText, { status: request.status }))
    request.onerror = request.ontimeout = () => fail(new TypeError('unreachable'))
    request.send(body)
  })
}

async function read(response: Response): Promise<Answered<unknown>> {
  const told: unknown = response.status === 204 ? undefined : await response.json().catch(() => undefined)
  return response.ok ? { data: told, response } : { error: told, response }
}
