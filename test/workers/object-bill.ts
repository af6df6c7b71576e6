/**
 * Counts what the platform would charge for a pool's object, at the object's storage in workerd.
 * @module
 */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";

type Stub = DurableObjectStub<Rpc.DurableObjectBranded & undefined>;

/** So far. */
export class Bill {
  /** An alarm that is set is a row written. */
  alarmsSet = 0;
  /** Of SQL, indexes included. */
  sqlRows = 0;
  alarmsRung = 0;
  readonly #stub: Stub;

  private constructor(stub: unknown) {
    this.#stub = stub as Stub;
  }

  /** Counts from now on, until the object is evicted. */
  static async of(stub: unknown): Promise<Bill> {
    const bill = new Bill(stub);
    await runInDurableObject(bill.#stub, (_object, { storage }) => bill.#watch(storage));
    return bill;
  }

  get rowsWritten(): number {
    return this.alarmsSet + this.sqlRows;
  }

  clear(): void {
    this.alarmsSet = 0;
    this.sqlRows = 0;
    this.alarmsRung = 0;
  }

  /** When the alarm is set to, in ms since the epoch; null: it is not. */
  async alarmAt(): Promise<number | null> {
    return await runInDurableObject(this.#stub, (_object, { storage }) => storage.getAlarm());
  }

  /** Moves the clock, which must be a mocked one, to the alarm, and has it ring. */
  async ring(): Promise<void> {
    const at = await this.alarmAt();
    if (at === null) throw new Error("no alarm is set");
    vi.setSystemTime(Math.max(at, Date.now()));
    this.alarmsRung++;
    await runDurableObjectAlarm(this.#stub);
  }

  #watch(storage: DurableObjectStorage): void {
    const setAlarm = storage.setAlarm.bind(storage);
    storage.setAlarm = (...given) => {
      this.alarmsSet++;
      return setAlarm(...given);
    };
    const { sql } = storage;
    const exec = sql.exec.bind(sql);
    sql.exec = ((query: string, ...bindings: unknown[]) => {
      const cursor = exec(query, ...bindings);
      // What writes has run by now; what reads is not read here.
      this.sqlRows += cursor.rowsWritten;
      return cursor;
    }) as SqlStorage["exec"];
  }
}
