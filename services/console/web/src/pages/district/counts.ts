/** What is counted of a division, the measure behind each number, and whether it grew in the period or stands at its end. */
export const COUNTS = {
  residents: { measure: 'resident', grew: false },
  inflow: { measure: 'flow.in', grew: true },
  outflow: { measure: 'flow.out', grew: true },
  in_transit: { measure: 'resident.in_transit', grew: false },
  lost: { measure: 'resident.lost', grew: false },
  contested: { measure: 'resident.contested', grew: false },
  deaths: { measure: 'flow.deaths', grew: true },
}
export type Counted = keyof typeof COUNTS
export const COUNTED = Object.keys(COUNTS) as Counted[]
export interface Totals extends Partial<Record<Counted, number>> {
  archive_rate: number | null
}
