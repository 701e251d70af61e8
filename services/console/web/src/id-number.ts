/** Resident identity numbers (GB 11643): what they say by themselves, so that nobody has to type it again. */
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECKS = '10X98765432'

export interface Told {
  division: string
  birth: string
  sex: 'male' | 'female'
}

/** Return a number without spaces, in ASCII digits and with a capital X. */
export function tidyNumber(typed: string): string {
  return typed.normalize('NFKC').replace(/[\s-]/g, '').toUpperCase()
}

/** Return what an 18-digit number tells; null if it is not one, or its check digit or day of birth is wrong. */
export function readNumber(typed: string): Told | null {
  const number = tidyNumber(typed)
  if (!/^\d{17}[\dX]$/.test(number)) return null
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(number[at]), 0)
  if (CHECKS[sum % 11] !== number[17]) return null
  const birth = `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`
  if (!isDay(birth)) return null
  return { division: number.slice(0, 6), birth, sex: Number(number[16]) % 2 ? 'male' : 'female' }
}

function isDay(day: string): boolean {
  const at = new Date(`${day}T00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day)
}
