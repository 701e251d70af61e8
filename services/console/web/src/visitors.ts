/** What a phone keeps of whoever has no account: a random number, so that it is counted once. */
const KEPT = 'phone'

/** Return the random number of this phone for something, such as an activity, always the same. */
export function phoneKey(about: string): string {
  const at = `${KEPT}:${about}`
  const kept = localStorage.getItem(at) ?? crypto.randomUUID().replaceAll('-', '')
  localStorage.setItem(at, kept)
  return kept
}

/** Return what stands behind the # of the address, which browsers send to nobody: a code, and who it is for. */
export function codeInAddress(): { code: string; respondent: string } {
  const [code = '', respondent = ''] = location.hash.slice(1).split('.')
  return { code, respondent }
}

/** Return the address of a page for whoever has no account, as a phone scans it. */
export const addressFor = (path: string, code: string) => `${location.origin}${path}#${code}`
