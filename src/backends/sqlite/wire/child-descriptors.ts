/**
 * The descriptors that a SQLite process inherits. They are not stdin and stdout, which Node may set
 * to non-blocking.
 */
export const childDescriptors = {
  /** A socket for both directions. */
  frames: 3,
  /** Nothing is sent through it: it closes with the server. */
  lifeline: 4,
} as const
