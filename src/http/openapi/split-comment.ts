/**
 * A comment on a database object → the summary and description that the document shows: its first
 * line, and what follows it, blank lines between them dropped.
 *
 * Rule  PostgREST docs: openapi
 */
export interface CommentParts {
  readonly summary: string
  /** Undefined where the comment is of one line. */
  readonly description: string | undefined
}

export function splitComment(comment: string): CommentParts {
  const end = comment.indexOf('\n')
  if (end === -1) return { summary: comment, description: undefined }
  const rest = comment.slice(end).replace(/^\n+/, '')
  return { summary: comment.slice(0, end), description: rest === '' ? undefined : rest }
}
