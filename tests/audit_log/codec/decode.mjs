// A reader written from docs/codec.md alone, with nothing but Node's own crypto: opens and checks every vector.
// usage: node decode.mjs vectors.json    prints what it opened as JSON; exits with 1 at the first thing that is not so.

import assert from "node:assert/strict";
import { createDecipheriv, createHash, createHmac, createPublicKey, hkdfSync, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const vectors = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const bytes = (hex) => Buffer.from(hex, "hex");
const text = (value) => Buffer.from(String(value), "utf-8");
const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
const joined = (...values) => text(values.join("\0"));
const ZEROS = Buffer.alloc(32);

function number(size, signed, value) {
  const out = Buffer.alloc(size / 8);
  if (size === 64) signed ? out.writeBigInt64BE(BigInt(value)) : out.writeBigUInt64BE(BigInt(value));
  else if (size === 32) signed ? out.writeInt32BE(value) : out.writeUInt32BE(value);
  else out.writeUInt8(value);
  return out;
}
const u8 = (value) => number(8, false, value);
const u32 = (value) => number(32, false, value);
const i32 = (value) => number(32, true, value);
const u64 = (value) => number(64, false, value);
const i64 = (value) => number(64, true, value);

function subkey(purpose) {
  return Buffer.from(hkdfSync("sha256", bytes(vectors.data_key), Buffer.alloc(0), text(`cordboard/${purpose}`), 32));
}

/** Opens `nonce, ciphertext, tag`. */
function open(key, sealed, aad) {
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12));
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
}

function checkSubkeys() {
  for (const [purpose, expected] of Object.entries(vectors.subkeys)) assert.equal(subkey(purpose).toString("hex"), expected);
}

function checkWrappedKey() {
  const { tenant_key, tenant, call_id, ciphertext } = vectors.wrapped_key;
  const dataKey = open(bytes(tenant_key), bytes(ciphertext), joined("cordboard.ledger.key.v1", tenant, call_id));
  assert.equal(dataKey.toString("hex"), vectors.data_key);
}

function rowHash(row, previous) {
  const own = ["leg_id", "turn_id", "causation_stream", "trace_id", "actor", "source", "build_id", "type"];
  const texts = joined(row.stream_kind, row.stream_id, row.tenant, row.retention_class, ...own.map((name) => row[name]));
  const numbers = [
    u64(row.seq), u64(row.position), u64(row.source_seq), i32(row.shard), i64(row.media_us), i64(row.occurred_us),
    i64(row.recorded_us), u64(row.causation_seq), u32(texts.length),
  ];
  const sealed = row.sealed === null ? ZEROS : sha256(bytes(row.sealed));
  const parts = [sha256(bytes(row.body)), sealed, bytes(row.dedupe), previous];
  return sha256(text("cordboard.ledger.row.v1\0"), ...numbers, texts, ...parts);
}

function dedupe(row, phi) {
  const [kind, ...id] = row.causation_stream.split("/");
  const texts = joined(row.type, row.leg_id, row.turn_id, row.actor, kind, id.join("/"), row.causation_seq);
  const body = bytes(row.body);
  const content = Buffer.concat([u32(texts.length), u32(body.length), i64(row.media_us), texts, body, phi]);
  return createHmac("sha256", subkey("dedupe")).update(content).digest("hex");
}

function checkRows() {
  let previous = ZEROS;
  return vectors.rows.map((row) => {
    const aad = joined("cordboard.ledger.sealed.v1", row.stream_kind, row.stream_id, row.seq);
    const phi = row.sealed === null ? Buffer.alloc(0) : open(subkey("sealed"), bytes(row.sealed), aad);
    assert.equal(phi.toString("hex"), row.phi);
    assert.equal(dedupe(row, phi), row.dedupe);
    assert.equal(row.prev_hash, previous.toString("hex"));
    assert.equal(rowHash(row, previous).toString("hex"), row.hash);
    previous = bytes(row.hash);
    return Buffer.concat([bytes(row.body), phi]).toString("hex");
  });
}

function checkPayload() {
  const { metadata, data, inner } = vectors.temporal_payload;
  assert.deepEqual(metadata, { alg: "AES-256-GCM", encoding: "binary/encrypted", "key-id": vectors.call_id });
  const opened = open(subkey("temporal"), bytes(data), text(metadata["key-id"]));
  assert.equal(opened.toString("hex"), inner);
  return opened.toString("hex");
}

function checkCapture() {
  const { object_key, sealed, segment } = vectors.capture;
  const object = bytes(sealed);
  assert.equal(object[0], 1);
  const opened = open(subkey("recording"), object.subarray(1), text(object_key));
  assert.equal(opened.toString("hex"), segment);
  return opened.toString("hex");
}

function checkSpool() {
  const { type_url, stream_kind, stream_id, source, source_seq, value, event } = vectors.spool;
  assert.equal(type_url, "cordboard.spool.sealed.v1");
  const opened = open(subkey("spool"), bytes(value), joined(type_url, stream_kind, stream_id, source, source_seq));
  assert.equal(opened.toString("hex"), event);
}

function root(leaves) {
  if (leaves.length === 1) return leaves[0];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(u8(1), root(leaves.slice(0, k)), root(leaves.slice(k)));
}

function checkAnchors() {
  // Node takes a raw Ed25519 key as a JWK.
  const x = bytes(vectors.public_key).toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  let previous = ZEROS;
  for (const anchor of vectors.anchors) {
    const leaves = anchor.heads.map(([kind, id, seq, hash]) => sha256(u8(0), joined(kind, id, ""), u64(seq), bytes(hash)));
    const top = root(leaves);
    assert.equal(top.toString("hex"), anchor.root);
    assert.equal(previous.toString("hex"), anchor.previous);
    const numbers = [u64(anchor.number), i64(anchor.anchored_us), u64(anchor.position), u32(leaves.length)];
    const content = Buffer.concat([text("cordboard.ledger.anchor.v1\0"), ...numbers, top, previous]);
    assert.ok(verify(null, content, key, bytes(anchor.signature)));
    previous = sha256(content, bytes(anchor.signature));
    assert.equal(previous.toString("hex"), anchor.digest);
  }
}

checkSubkeys();
checkWrappedKey();
checkSpool();
checkAnchors();
process.stdout.write(JSON.stringify({ events: checkRows(), payload: checkPayload(), capture: checkCapture() }));
