/**
 * How much a request may ask for before it is refused, on every engine. Planning and compiling run
 * on the one thread that all requests share, and the parsers of the databases have bounds of their
 * own, so a request that nobody writes by hand is refused before it costs anything. The numbers are
 * documented in docs/compatibility.md.
 */

/** Embeds and spreads inside each other. */
export const maxEmbedLevels = 32

/** Parentheses of `and(…)` and `or(…)` inside each other. */
export const maxLogicLevels = 100

/** Arrows of one JSON path. */
export const maxJsonSteps = 100

/**
 * What an embed or a spread counts for, so that there are 200 of them at most. PostgreSQL plans a
 * statement of 200 joins in seconds and half a gigabyte; one of 1,000 takes all memory there is.
 */
export const nodesOfEmbed = 20

/**
 * Selected columns, embeds, conditions, order terms and JSON arrows of one request together, with
 * the columns that spreads and stars stand for; and, by themselves, the keys of a row that is
 * written, the columns of CSV or the fields of a form. Members of `in.(…)` are values and do not
 * count.
 */
export const maxRequestNodes = 4000
