/**
 * What the server asks its SQLite processes. A statement's text crosses once: it is registered in a
 * numbered slot, and reads name the slot. Which slot that is, the server decides alone. Writes name
 * the slot of a program, and are run when `commit` follows, all in one transaction.
 *
 * Shape   [id: u32][op: u8] and, by op:
 *         register  [slot: u16][SQL, or a program as JSON]
 *         read      [epoch: u32][schema stamp][slot: u16][values], and [slot: u16][values] of each
 *                   statement that runs before it
 *         check     [epoch: u32][schema stamp]
 *         write     [epoch: u32][schema stamp][slot: u16][commits: u8][fewest: u32][most: u32]
 *                   [bytes of the payload: u32][payload][values]
 *         commit, version   nothing
 *         fetched   nothing: the answer that was laid down was read
 *         catalog   [whether foreign keys are enforced: u8][JSON: statements to prepare]
 */
import { assertNever } from '../../../core/assert-never.ts'
import { readValues, type SqliteParam, writeValues } from './bound-values.ts'
import { stampBytes } from './schema-stamp.ts'
import type { FrameWriter } from './sqlite-frame-writer.ts'

/** What a request was planned for. */
interface Planned {
  /** The server's count of published schemas: at a greater one the file is opened anew first. */
  readonly epoch: number
  readonly stamp: Buffer
}

export interface SlotStatement {
  readonly slot: number
  readonly params: readonly SqliteParam[]
}

/** A write of fewer or more rows is undone. */
export interface RowBounds {
  readonly fewest: number
  /** Infinity: as many as there are. */
  readonly most: number
}

const mostRows = 0xffff_ffff

export type ChildRequest =
  | ({
      readonly op: 'read'
      readonly slot: number
      readonly params: readonly SqliteParam[]
      /** They run first, in their order, and answer nothing. */
      readonly before: readonly SlotStatement[]
    } & Planned)
  | ({
      readonly op: 'write'
      readonly slot: number
      /** False: all of it is done and checked, and undone. */
      readonly commits: boolean
      readonly bounds: RowBounds
      readonly payload: Uint8Array
      readonly params: readonly SqliteParam[]
    } & Planned)
  /** Whether a read of this schema would run. */
  | ({ readonly op: 'check' } & Planned)
  /** Runs the writes since the last one. It has no answer of its own. */
  | { readonly op: 'commit' }
  | { readonly op: 'version' }
  /**
   * `foreignKeys`: they are enforced when something is written. SQLite is asked about the statements
   * as well.
   */
  | {
      readonly op: 'catalog'
      readonly foreignKeys: boolean
      readonly statements: readonly string[]
    }

export type RequestFrame =
  | { readonly op: 'register'; readonly slot: number; readonly sql: string }
  | { readonly op: 'fetched' }
  | { readonly op: 'ask'; readonly id: number; readonly request: ChildRequest }

/** Statements that a process keeps: the slots are 0 … slotCount - 1. */
export const slotCount = 200
/** The next ones, for statements that are forgotten once they have run. */
export const onceSlot = 200

const ops = {
  register: 0,
  read: 1,
  check: 2,
  version: 3,
  catalog: 4,
  write: 5,
  commit: 6,
  fetched: 7,
} as const
const restAt = 5

export function writeRegister(writer: FrameWriter, slot: number, sql: string): void {
  writer.beginFrame()
  writer.u32(0)
  writer.u8(ops.register)
  writer.u16(slot)
  writer.text(sql)
  writer.endFrame()
}

export function writeFetched(writer: FrameWriter): void {
  writer.beginFrame()
  writer.u32(0)
  writer.u8(ops.fetched)
  writer.endFrame()
}

export function writeRequest(writer: FrameWriter, id: number, request: ChildRequest): void {
  writer.beginFrame()
  writer.u32(id)
  writer.u8(ops[request.op])
  switch (request.op) {
    case 'read':
      writePlanned(writer, request)
      writer.u16(request.slot)
      writeValues(writer, request.params)
      for (const { slot, params } of request.before) {
        writer.u16(slot)
        writeValues(writer, params)
      }
      break
    case 'check':
      writePlanned(writer, request)
      break
    case 'write': {
      const { slot, commits, bounds, payload, params } = request
      writePlanned(writer, request)
      writer.u16(slot)
      writer.u8(commits ? 1 : 0)
      writer.u32(bounds.fewest)
      writer.u32(Math.min(bounds.most, mostRows))
      writer.u32(payload.length)
      writer.bytes(payload)
      writeValues(writer, params)
      break
    }
    case 'commit':
    case 'version':
      break
    case 'catalog':
      writer.u8(request.foreignKeys ? 1 : 0)
      writer.text(JSON.stringify(request.statements))
      break
    default:
      assertNever(request)
  }
  writer.endFrame()
}

function writePlanned(writer: FrameWriter, { epoch, stamp }: Planned): void {
  writer.u32(epoch)
  writer.bytes(stamp)
}

/** The stamp, blobs and the payload are views of the frame. */
export function readRequest(frame: Buffer): RequestFrame {
  const op = frame[4]
  if (op === ops.register) {
    return { op: 'register', slot: frame.readUInt16LE(restAt), sql: frame.toString('utf8', 7) }
  }
  if (op === ops.fetched) return { op: 'fetched' }
  return { op: 'ask', id: frame.readUInt32LE(0), request: readChildRequest(op, frame) }
}

function readChildRequest(op: number | undefined, frame: Buffer): ChildRequest {
  switch (op) {
    case ops.read: {
      const [main, ...before] = readStatements(frame)
      if (main === undefined) throw new Error('a read without a statement')
      const { epoch, stamp } = readPlanned(frame)
      const { slot, params } = main
      return { op: 'read', slot, params, before, epoch, stamp }
    }
    case ops.check:
      return { op: 'check', ...readPlanned(frame) }
    case ops.write:
      return readWrite(frame)
    case ops.commit:
      return { op: 'commit' }
    case ops.version:
      return { op: 'version' }
    case ops.catalog:
      return {
        op: 'catalog',
        foreignKeys: frame[restAt] === 1,
        // our own code is on the other end
        statements: JSON.parse(frame.toString('utf8', restAt + 1)) as string[],
      }
    default:
      throw new Error(`a SQLite process was asked for ${op}`)
  }
}

function readStatements(frame: Buffer): readonly SlotStatement[] {
  const statements: SlotStatement[] = []
  for (let at = restAt + 4 + stampBytes; at < frame.length; ) {
    const { values, end } = readValues(frame, at + 2)
    statements.push({ slot: frame.readUInt16LE(at), params: values })
    at = end
  }
  return statements
}

function readWrite(frame: Buffer): ChildRequest {
  const at = restAt + 4 + stampBytes
  const payloadAt = at + 15
  const valuesAt = payloadAt + frame.readUInt32LE(at + 11)
  return {
    op: 'write',
    ...readPlanned(frame),
    slot: frame.readUInt16LE(at),
    commits: frame[at + 2] === 1,
    bounds: { fewest: frame.readUInt32LE(at + 3), most: frame.readUInt32LE(at + 7) },
    payload: frame.subarray(payloadAt, valuesAt),
    params: readValues(frame, valuesAt).values,
  }
}

function readPlanned(frame: Buffer): Planned {
  const stampAt = restAt + 4
  return {
    epoch: frame.readUInt32LE(restAt),
    stamp: frame.subarray(stampAt, stampAt + stampBytes),
  }
}
