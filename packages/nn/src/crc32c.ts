// CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), eight bytes at a time by tables ("slicing by 8").

const tables = createTables();

/** Tables for a byte that 0 to 7 more bytes follow, of 256 entries each. */
function createTables(): Int32Array {
  const table = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    table[byte] = crc;
  }
  for (let i = 256; i < table.length; i++) {
    const previous = table[i - 256]!;
    table[i] = table[previous & 255]! ^ (previous >>> 8);
  }
  return table;
}

/**
 * The checksum of bytes, an unsigned integer. It differs after any change within 32 consecutive bits, and of up to
 * three bits anywhere in 256 MB.
 * @param before the checksum of what precedes them. Default: 0, nothing.
 */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const t = tables;
  let crc = ~before;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    const x = crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    crc =
      t[1792 | (x & 255)]! ^
      t[1536 | ((x >>> 8) & 255)]! ^
      t[1280 | ((x >>> 16) & 255)]! ^
      t[1024 | (x >>> 24)]! ^
      t[768 | bytes[i + 4]!]! ^
      t[512 | bytes[i + 5]!]! ^
      t[256 | bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) crc = t[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
