/**
 * What a SQLite process is started with: its arguments are what it does (`read` or `write`), the
 * database file and perhaps `noForeignKeys`, and it inherits descriptors. These are not stdin and stdout, which Node may set
 * to non-blocking.
 */
export const childDescriptors = {
  /** A socket for both directions. */
  frames: 3,
  /** Nothing is sent through it: it closes with the server. */
  lifeline: 4,
} as const

/** The argument that leaves foreign keys unenforced. */
export const noForeignKeys = 'without-foreign-keys'
