/** The words of the page in the language that the user chose: Chinese first, English by a switch. */
import { computed, ref, watchEffect, type ComputedRef } from 'vue'
import * as common from './words/common'

export type Language = 'zh' | 'en'
const KEPT = 'language'

export const language = ref<Language>(localStorage.getItem(KEPT) === 'en' ? 'en' : 'zh')
export const words = inWords(common)

/** Return a page's words in the language that is chosen. */
export function inWords<Words>(both: { zh: Words; en: Words }): ComputedRef<Words> {
  return computed(() => both[language.value])
}

watchEffect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en'
  localStorage.setItem(KEPT, language.value)
})

const BOTH = /^(.*[\u3000-\u9fff\uff00-\uffef])\s*([\u0000-\u2fff].*)$/s

/** Return the half of a text that the services write in both languages, Chinese before English. */
export function inLanguage(text: string): string {
  const [, chinese, english] = BOTH.exec(text) ?? []
  return (language.value === 'zh' ? chinese : english) ?? text
}

/** Return a day, or that of a moment by the clock of China, as people write it: 2026年3月1日, 1 Mar 2026. */
export function writeDay(day: string | null | undefined): string {
  if (!day) return ''
  const timeZone = day.length > 10 ? 'Asia/Shanghai' : 'UTC'
  const options = { year: 'numeric', month: language.value === 'zh' ? 'long' : 'short', day: 'numeric', timeZone } as const
  const locale = language.value === 'zh' ? 'zh-CN' : 'en-GB'
  return new Intl.DateTimeFormat(locale, options).format(new Date(day))
}

/** Return a moment by the clock of China, where the services' statutory day is counted. */
export function writeMoment(moment: string | null | undefined): string {
  if (!moment) return ''
  const options = { dateStyle: 'medium', timeStyle: 'short', timeZone: 'Asia/Shanghai' } as const
  return new Intl.DateTimeFormat(language.value === 'zh' ? 'zh-CN' : 'en-GB', options).format(new Date(moment))
}

export function writeNumber(number: number): string {
  return new Intl.NumberFormat('zh-CN').format(number)
}

/** Return a share of one in percent, with one digit; a dash where nobody is to be counted. */
export function writeRate(rate: number | null | undefined): string {
  return rate == null ? '—' : `${(100 * rate).toFixed(1)}%`
}

/** Return the statutory day in China as YYYY-MM-DD, so many days from today. */
export function dayFromNow(days: number): string {
  const at = new Date(Date.now() + days * 86_400_000)
  return new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(at)
}
