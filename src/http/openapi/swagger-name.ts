/**
 * Names of relations, columns and functions where Swagger reads them as something: in references and
 * in paths. Ordinary names are the same everywhere.
 *
 * Rule  OpenAPI 2.0: Reference Object, Path Templating; RFC 6901: 6 (pointers in URI fragments)
 */

/** Shape  (`definitions`, `a/b c`) → `{"$ref": "#/definitions/a~1b%20c"}` */
export function reference(
  section: 'definitions' | 'parameters',
  name: string,
): { readonly $ref: string } {
  const token = name.replaceAll('~', '~0').replaceAll('/', '~1')
  return { $ref: `#/${section}/${encodeURI(token).replaceAll('#', '%23')}` }
}

/**
 * A segment of a path. Letters beyond ASCII stay readable; braces would be a template's.
 *
 * Shape  `a/{b}` → `a%2F%7Bb%7D`
 */
export function pathSegment(name: string): string {
  return name.replace(/[\0-\x20"#%/<>?[\\\]^`{|}\x7f]/g, encodeURIComponent)
}
