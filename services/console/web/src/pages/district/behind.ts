/** Where it is told who is behind a number. */
import type { RouteLocationRaw } from 'vue-router'
import type { components } from '../../api/described/reporting'
import { dayBefore, useAsked } from './asked'
import { isAboutPeople } from './measures'

type Meaning = Pick<components['schemas']['Indicator'], 'numerator' | 'denominator' | 'reckoned'>

/** Return functions that lead from a number of the period that is asked for to the people behind it. */
export function useBehind() {
  const { between, from, to } = useAsked()

  /** Return who counts in a measure at the end of the period; of one that `grew`, who came to it in the period. */
  function behind(measure: string, division: string, grew = false): RouteLocationRaw {
    const query = { ...between.value, division, measure, on: to.value }
    return { name: 'explain', query: grew ? { ...query, since: dayBefore(from.value) } : query }
  }

  /** Return who counts in one measure and not in another, and why. */
  function without(measure: string, among: string, division: string): RouteLocationRaw {
    return { name: 'explain', query: { ...between.value, division, measure, among, on: to.value } }
  }

  /** Return who has not what an indicator asks for, if its two parts are people of one day. */
  function missing(about: Meaning, division: string): RouteLocationRaw | undefined {
    const [[numerator, ...more], [denominator, ...others]] = [about.numerator, about.denominator]
    const one = numerator && denominator && !more.length && !others.length && isAboutPeople(denominator) && about.reckoned !== 'period'
    return one ? without(numerator, denominator, division) : undefined
  }

  /** Return who is behind the value of an indicator, whom it lacks before all; undefined if that is not people. */
  function behindValue(about: Meaning | undefined, division: string): RouteLocationRaw | undefined {
    if (!about) return undefined
    const [numerator, ...more] = about.numerator
    if (!numerator || more.length || !isAboutPeople(numerator)) return undefined
    return missing(about, division) ?? behind(numerator, division, about.reckoned === 'period')
  }
  return { behind, without, missing, behindValue }
}
