/** What charts share: inks that are told apart in print too, and the chart itself, loaded with the first one. */
import { defineAsyncComponent } from 'vue'

export const Chart = defineAsyncComponent(() => import('./Chart.vue'))
export const colours = ['#14507a', '#8a5300', '#1d6b45', '#6b3fa0']
export const INK = '#1f2a37'
export const INK_SOFT = '#4b5768'
export const LINE = '#dfe4ea'

/** Return a name cut to the width that a chart has for it; the whole one stands in the table. */
export function shorten(name: string, most = 14): string {
  return name.length > most ? `${name.slice(0, most - 1)}…` : name
}
