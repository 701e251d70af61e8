/** What each feed tells of, so that a form offers nothing that the feed has not; the service checks it again. */
import type { components } from '../../api/described/feeds'
import type { Shape } from '../../parts/shapes'

export type FeedName = components['schemas']['FeedName']
export type Subscription = components['schemas']['Subscription']
export type Terms = components['schemas']['Terms']
export type State = components['schemas']['SubscriptionState']
type Told = components['schemas']['Told']
type Attribute = components['schemas']['Attribute']

export const FEEDS: Record<FeedName, { facts: Told[]; attributes: Attribute[]; ages: boolean; people: boolean }> = {
  stays: {
    facts: ['stay_started', 'stay_contested', 'stay_reaffirmed', 'stay_ended', 'stay_retracted', 'stay_corrected', 'stay_relocated', 'stay_trace_lost', 'stay_trace_found', 'persons_merged', 'persons_unmerged'],
    attributes: ['street', 'state', 'started_on', 'ended_on', 'sex', 'hukou_province', 'purpose'], ages: true, people: true,
  },
  transfers: {
    facts: ['notice_sent', 'notice_reminded', 'notice_escalated', 'notice_withdrawn', 'notice_received', 'notice_paired', 'notice_verified', 'notice_confirmed', 'notice_rejected'],
    attributes: ['street', 'direction', 'notice_kind', 'state', 'moved_on', 'other_district', 'other_province', 'reason'], ages: false, people: true,
  },
  archives: {
    facts: ['archive_opened', 'archive_completed', 'paper_compared', 'archive_continued', 'archive_closed', 'archive_reopened', 'chronic_enrolled', 'enrolment_ended'],
    attributes: ['street', 'state', 'opened_on', 'closed_on', 'reason', 'sex', 'condition', 'enrolled_on', 'ended_on'], ages: true, people: true,
  },
  activities: {
    facts: ['activity_planned', 'activity_replanned', 'activity_publicised', 'activity_held', 'activity_cancelled', 'activity_evaluated'],
    attributes: ['street', 'activity_id', 'activity_kind', 'state', 'topic', 'addressed', 'planned_on', 'held_on', 'attendance', 'occasion', 'reason'], ages: false, people: false,
  },
  reports: { facts: ['report_sealed'], attributes: ['street', 'report_id', 'template', 'division', 'period', 'edition', 'files'], ages: false, people: false },
  indicators: {
    facts: ['indicators_published'],
    attributes: ['street', 'report_id', 'template', 'division', 'period', 'edition', 'indicator', 'group', 'unit', 'numerator', 'denominator', 'value', 'suppressed'], ages: false, people: false,
  },
}

export const AGES = ['year', 'five_years', 'ten_years', 'none'] as const
export const TIMES = ['moment', 'hour', 'day', 'week', 'month'] as const

/** What is written in one line, however long it may be. */
export const LINE: Shape = { kind: 'text', long: false }

/** Return the shapes of a form's fields for what a feed tells; `within` are the terms beyond which nothing is given. */
export function shapesOf(feed: FeedName, streets: string[], within?: Terms): Record<string, Shape> {
  const kind = FEEDS[feed]
  const allowed = <Code extends string>(codes: readonly Code[], asked: readonly string[] | undefined) => codes.filter((code) => !asked || asked.includes(code))
  const choice = (of: string, codes: string[]): Shape => ({ kind: 'list', of: { kind: 'choice', of, codes } })
  return {
    facts: choice('Told', allowed(kind.facts, within?.facts)),
    attributes: choice('Attribute', allowed(kind.attributes, within && (within.attributes ?? []))),
    streets: choice('Division', within?.streets?.length ? within.streets : streets),
  }
}

/** Return the fields of the terms that a feed has. */
export function termsOf(feed: FeedName): string[] {
  const { ages, people } = FEEDS[feed]
  return ['facts', 'attributes', 'streets', 'time', ...(ages ? ['age'] : []), ...(people ? ['k'] : []), 'expires_on', 'amqp']
}

const TONES: Partial<Record<State, 'late' | 'soon' | 'done'>> = { requested: 'soon', approved: 'done' }
export const toneOf = (state: State | undefined) => TONES[state ?? 'requested']

/** Return whether a subscription waits for a decision, also for other terms than those that are given. */
export const waits = (subscription: Subscription) => subscription.state === 'requested'
