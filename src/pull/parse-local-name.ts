import { formatReference, parseLocalReference } from '#model'

/** The full name by which this machine knows an image: `debian` is `localhost/debian:latest`. @throws Fault `reference-invalid` */
export function parseLocalName(text: string): string {
  return formatReference(parseLocalReference(text))
}
