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
  /** Where there is one: the file in which large answers are laid down. */
  answers: 5,
} as const

/** The argument that leaves foreign keys unenforced. */
export const noForeignKeys = 'without-foreign-keys'

/** The argument that says that it has inherited a file for large answers. */
export const hasAnswerFile = 'answer-file'

/** More than this, or while the one before was not fetched, an answer goes through the socket. */
export const mostLaidDownBytes = 4 * 1024 * 1024
