import {
  type Metadata,
  type MetadataName,
  type MetadataValue,
  metadataValue,
} from "../../src/pool/storage/metadata.ts";

/** The metadata of a pool's object in memory. A value is read back in the form that SQLite would return. */
export class MemoryMetadata implements Metadata {
  readonly rows = new Map<string, string>();
  /** Rows written so far. */
  writes = 0;

  get<N extends MetadataName>(name: N): MetadataValue<N> {
    return metadataValue(name, this.rows.get(name));
  }

  put<N extends MetadataName>(name: N, value: MetadataValue<N>): void {
    this.writes++;
    this.rows.set(name, JSON.stringify(value));
  }

  delete(name: MetadataName): void {
    this.rows.delete(name);
  }
}
