/** The services as an operator sees them: whether each can do its work, and what it could not understand. */
import { useQueries } from '@tanstack/vue-query'
import { answer, archives, feeds, outreach, Problem, registration, reporting, type Service } from '../../api'
import type { components } from '../../api/described/registration'

export type Parked = components['schemas']['ParkedMessage']
export const SERVICES: Service[] = ['registration', 'archives', 'outreach', 'reporting', 'feeds']
/** Routes that every service has, so that one client's types stand for all. */
const CLIENTS = { registration, archives, outreach, reporting, feeds } as unknown as Record<Service, typeof registration>
const EVERY = 5_000

/** Return for each service whether it is ready, and if not, why. */
export function useReadiness() {
  return useQueries({
    queries: SERVICES.map((service) => ({
      queryKey: ['readiness', service], queryFn: () => readReadiness(service), refetchInterval: EVERY, retry: false,
    })),
  })
}

/** A service that is not ready answers with 503 and its troubles; one that is away does not answer at all. */
async function readReadiness(service: Service): Promise<{ state: 'ready' | 'waiting' | 'away'; troubles: string[] }> {
  try {
    await answer(CLIENTS[service].GET('/health/ready'))
    return { state: 'ready', troubles: [] }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const { troubles } = error.told
    return Array.isArray(troubles) ? { state: 'waiting', troubles: troubles.map(String) } : { state: 'away', troubles: [] }
  }
}

/** Return for each service what is parked there. */
export function useParked() {
  return useQueries({
    queries: SERVICES.map((service) => ({
      queryKey: ['parked', service],
      queryFn: () => answer(CLIENTS[service].GET('/parked', { params: { query: { limit: 100 } } })),
      refetchInterval: EVERY,
    })),
  })
}

/** Return for each service what waits there, and how far it is. */
export function useOperations() {
  return useQueries({
    queries: SERVICES.map((service) => ({
      queryKey: ['operations', service], queryFn: () => answer(CLIENTS[service].GET('/operations')), refetchInterval: EVERY, retry: false,
    })),
  })
}
