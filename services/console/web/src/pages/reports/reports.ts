/** Reports as their pages see them: who takes the next step, and what a cell says. */
import { useQuery } from '@tanstack/vue-query'
import { answer, reporting } from '../../api'
import type { components } from '../../api/described/reporting'
import { language } from '../../language'
import { session, type Role } from '../../session'

export type Report = components['schemas']['Report']
export type Edition = components['schemas']['Edition']
export type Column = components['schemas']['Column']
export type State = components['schemas']['ReportState']
export type Step = 'review' | 'approval' | 'seal'

const NEXT: Partial<Record<State, { step: Step; role: Role }>> = {
  drafted: { step: 'review', role: 'supervisor' },
  reviewed: { step: 'approval', role: 'district' },
  approved: { step: 'seal', role: 'district' },
}
const TONES: Partial<Record<State, 'late' | 'soon' | 'done'>> = { drafted: 'soon', reviewed: 'soon', approved: 'soon', sealed: 'done' }
export const toneOf = (state: State) => TONES[state]

/** Return the newest edition. */
export const newest = (report: Report): Edition => report.editions.at(-1)!

/** Return the step that a report waits for if it is one of the user's role. */
export function stepOf(report: Report): Step | undefined {
  const next = NEXT[report.state]
  return next?.role === session.value!.role ? next.step : undefined
}

/** Return whether the user signed an edition already; each step is somebody else's. */
export function hasSigned(edition: Edition): boolean {
  return edition.signatures.some(({ by }) => by === session.value!.subject)
}

/** Return whether a report waits for the user's own signature. */
export const waits = (report: Report): boolean => !!stepOf(report) && !hasSigned(newest(report))

/** Return the templates, and a function that names the one with a code. */
export function useTemplates() {
  const templates = useQuery({ queryKey: ['reports', 'templates'], queryFn: () => answer(reporting.GET('/report-templates')), staleTime: Infinity })
  const nameOf = (code: string) => templates.data.value?.find((each) => each.code === code)?.[language.value] ?? code
  return { templates, nameOf }
}

/** Return a cell as the sealed files have it. */
export function writeCell(cell: number | string | null | undefined, column: Column): string {
  if (cell === null || cell === undefined) return '—'
  if (typeof cell === 'string') return cell
  if (column.part !== 'value') return String(cell)
  return column.percent ? `${(100 * cell).toFixed(1)}%` : cell.toFixed(1)
}

/** Return a size as people write it. */
export function writeSize(bytes: number): string {
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`
}
