/** What charts share: colours that differ in lightness too, the font, and the chart itself, loaded with the first one. */
import { defineAsyncComponent } from 'vue'

export const Chart = defineAsyncComponent(() => import('./Chart.vue'))
export const colours = ['#14507a', '#c77700', '#1d6b45', '#8a5a9e', '#5c7f99', '#b3261e', '#4b5768']
export const FONT = "'PingFang SC', 'Microsoft YaHei', 'Noto Sans SC', 'Noto Sans CJK SC', 'WenQuanYi Micro Hei', sans-serif"
export const LINE = '#dfe4ea'
export const INK_SOFT = '#4b5768'

/** Return a name cut to the width that a chart has for it; the whole one stands in the table. */
export function shorten(name: string, most = 14): string {
  return name.length > most ? `${name.slice(0, most - 1)}…` : name
}
