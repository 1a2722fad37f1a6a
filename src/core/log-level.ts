/**
 * How much is logged, the least first. Words of the configuration that the log itself reads.
 */
export const logLevels = ['crit', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]
