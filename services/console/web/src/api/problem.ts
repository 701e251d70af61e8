/** What a service answers when it refuses (RFC 9457), and what the page adds when none was reached. */
export interface FieldError {
  field: string
  code: string
  advice: string
}

export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly advice = '',
    readonly errors: FieldError[] = [],
    readonly status = 0,
    readonly told: Record<string, unknown> = {},
  ) {
    super(code)
  }
}

/** Return an answer's body as a Problem; what has no code of its own is named by its status. */
export function problemOf(status: number, told: unknown): Problem {
  const body = (typeof told === 'object' && told ? told : {}) as Record<string, unknown>
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : '')
  const errors = Array.isArray(body.errors) ? (body.errors as FieldError[]) : []
  return new Problem(text('code') || `status_${status}`, text('advice') || text('detail'), errors, status, body)
}
