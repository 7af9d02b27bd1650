// Seals what travels between a call and its script, as docs/script-contract.md says.
const crypto = require('node:crypto');
const { temporal } = require('@temporalio/proto');

const Payload = temporal.api.common.v1.Payload;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const text = (bytes) => Buffer.from(bytes ?? []).toString();

// `call/{call_id}` and `call/{call_id}/v/{name}` belong to one call.
const callOf = (context) => context.workflowId.split('/')[1];

exports.ScriptCodec = class ScriptCodec {
  constructor(keyOf) {
    this.keyOf = keyOf;
  }

  async encode(payloads, context) {
    const callId = callOf(context);
    const key = await this.keyOf(callId);
    return payloads.map((payload) => {
      const nonce = crypto.randomBytes(NONCE_BYTES);
      const cipher = crypto.createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(Buffer.from(callId));
      const sealed = Buffer.concat([cipher.update(Payload.encode(payload).finish()), cipher.final()]);
      return {
        metadata: {
          encoding: Buffer.from('binary/encrypted'),
          alg: Buffer.from('AES-256-GCM'),
          'key-id': Buffer.from(callId),
          purpose: Buffer.from('script'),
        },
        data: Buffer.concat([nonce, sealed, cipher.getAuthTag()]),
      };
    });
  }

  async decode(payloads, context) {
    const callId = callOf(context);
    const key = await this.keyOf(callId);
    return payloads.map((payload) => {
      if (text(payload.metadata?.encoding) !== 'binary/encrypted' || text(payload.metadata?.purpose) !== 'script') {
        throw new Error('a payload was not sealed for scripts');
      }
      const data = Buffer.from(payload.data);
      const opener = crypto.createDecipheriv('aes-256-gcm', key, data.subarray(0, NONCE_BYTES));
      opener.setAAD(Buffer.from(callId));
      opener.setAuthTag(data.subarray(data.length - TAG_BYTES));
      const sealed = data.subarray(NONCE_BYTES, data.length - TAG_BYTES);
      return Payload.decode(Buffer.concat([opener.update(sealed), opener.final()]));
    });
  }
};
