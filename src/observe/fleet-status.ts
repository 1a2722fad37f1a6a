/**
 * The other processes on the database, as far as this one hears of them.
 */
export interface FleetStatus {
  /** Those heard in the last two minutes, besides this one. */
  readonly others: number
  /** ISO time; null: none was heard yet. */
  readonly lastHeardAt: string | null
}
