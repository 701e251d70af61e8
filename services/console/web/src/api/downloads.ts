/** Files that the services make: fetched, so that a refusal is told on the page, then saved under the name they came with. */
import { answer } from '.'
import type { Service } from '.'

/** Save what a route answers as a file; throw a Problem if refused. */
export async function download(service: Service, path: string): Promise<void> {
  const asked = fetch(`/api/${service}${path}`).then(async (response) =>
    response.ok ? { data: await response.blob(), response } : { error: await response.json().catch(() => undefined), response },
  )
  const response = asked.then((told) => told.response)
  const blob = (await answer<Blob>(asked)) as Blob
  const name = /filename="([^"]+)"/.exec((await response).headers.get('Content-Disposition') ?? '')?.[1]
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name ?? 'download'
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
