// Writes what the services' OpenAPI documents tell into src/api/described/: types of every operation for the compiler, and
// the shapes of request bodies for forms. Neither is committed; both follow the documents.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import openapiTS, { astToString } from 'openapi-typescript'

const SERVICES = ['registration', 'archives', 'outreach', 'reporting', 'feeds']
const documents = new URL('../../../docs/openapi/', import.meta.url)
const described = new URL('src/api/described/', import.meta.url)

/** Return the schemas that a body refers to, each once, by name. */
function reached(schemas, start) {
  const found = {}
  const visit = (node) => {
    if (Array.isArray(node)) node.forEach(visit)
    else if (node && typeof node === 'object') {
      const name = node.$ref?.split('/').at(-1)
      if (name && !(name in found)) visit((found[name] = schemas[name]))
      Object.values(node).forEach(visit)
    }
  }
  visit(start)
  return found
}

/** Return the bodies that operations take as JSON, as "POST /arrivals": name of the schema, and all that these need. */
function bodies(document) {
  const operations = {}
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const schema = operation.requestBody?.content?.['application/json']?.schema
      if (schema) operations[`${method.toUpperCase()} ${path}`] = schema
    }
  }
  return { operations, schemas: reached(document.components.schemas, operations) }
}

await mkdir(described, { recursive: true })
for (const service of SERVICES) {
  const document = JSON.parse(await readFile(new URL(`${service}.json`, documents), 'utf8'))
  await writeFile(new URL(`${service}.d.ts`, described), astToString(await openapiTS(document)))
  await writeFile(new URL(`${service}.json`, described), JSON.stringify(bodies(document)))
}
