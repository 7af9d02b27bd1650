/**
 * The event plane: one WebSocket that resumes from a cursor.
 *
 * A connection that dies is opened again with back-off from the last cursor seen, so nothing is missed and
 * nothing comes twice. Media does not depend on it.
 */

const PROTOCOL = "cordboard.events.v1";
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5000;
const SILENT_AFTER_MS = 12000;
/** Codes after which trying again is no use; all others, such as a gateway that goes away, pass. */
const REFUSED = new Set([4400, 4401, 4403, 4404]);

/** @typedef {{reason: string, message: string}} Refusal */

export class EventPlane {
  /**
   * @param {string} path e.g. `/v1/desk`
   * @param {() => string} token gives the bearer token
   * @param {{onHello?: (hello: object) => void,
   *          onEvent: (envelope: object, history?: Array<object>) => void,
   *          onState: (state: "connecting"|"open"|"reconnecting"|"refused", detail?: string) => void}} handlers
   */
  constructor(path, token, handlers) {
    this.path = path;
    this.token = token;
    this.handlers = handlers;
    /** Position on the log of the newest event seen; null until the server has said hello. */
    this.cursor = null;
    this.closed = false;
    this.refused = false;
    this.retryMs = FIRST_RETRY_MS;
    /** @type {Map<string, {resolve: () => void, reject: (refusal: Refusal) => void}>} */
    this.waiting = new Map();
    this.open();
  }

  open() {
    const url = new URL(this.path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    if (this.cursor !== null) url.searchParams.set("after", String(this.cursor));
    this.handlers.onState(this.cursor === null ? "connecting" : "reconnecting");
    const socket = new WebSocket(url, [PROTOCOL, `bearer.${this.token()}`]);
    this.socket = socket;
    socket.onopen = () => this.listenForSilence();
    socket.onmessage = (message) => this.receive(JSON.parse(message.data));
    socket.onclose = (event) => this.lost(event);
  }

  /** A path that died without a close frame is noticed by silence: the server pings every few seconds. */
  listenForSilence() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.socket.close(4000, "silent"), SILENT_AFTER_MS);
  }

  receive(frame) {
    this.listenForSilence();
    if (frame.type === "hello") {
      // Only now is it sure that the server took the token, and that what follows is complete.
      this.retryMs = FIRST_RETRY_MS;
      this.handlers.onState("open");
      this.cursor = Math.max(this.cursor ?? 0, frame.cursor);
      this.handlers.onHello?.(frame);
    } else if (frame.type === "event") {
      this.cursor = frame.cursor;
      this.handlers.onEvent(frame.event, frame.history);
    } else if (frame.type === "reply") {
      const waiter = this.waiting.get(frame.id);
      this.waiting.delete(frame.id);
      if (frame.ok) waiter?.resolve();
      else waiter?.reject({ reason: frame.reason, message: frame.message });
    }
  }

  lost(event) {
    clearTimeout(this.silence);
    for (const waiter of this.waiting.values()) {
      waiter.reject({ reason: "CONNECTION_LOST", message: "The connection was lost before the answer came." });
    }
    this.waiting.clear();
    if (this.closed) return;
    if (REFUSED.has(event.code)) {
      this.refused = true;
      this.handlers.onState("refused", event.reason);
      return;
    }
    this.handlers.onState("reconnecting");
    this.timer = setTimeout(() => this.open(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS);
  }

  /**
   * Sends a command and waits for the engine's word on it.
   * @param {string} command
   * @param {object} [fields]
   * @returns {Promise<void>} rejected with a {@link Refusal}
   */
  send(command, fields = {}) {
    if (this.socket.readyState !== WebSocket.OPEN) {
      return Promise.reject({ reason: "CONNECTION_LOST", message: "There is no connection right now." });
    }
    const id = crypto.randomUUID();
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ id, command, ...fields }));
    });
  }

  /**
   * Goes on with the page's new token, in place of one that runs out or has run out.
   * @returns {Promise<void>} rejected with a {@link Refusal}, such as TOKEN_DIFFERS for somebody else's
   */
  renew() {
    if (this.socket.readyState === WebSocket.OPEN) return this.send("renew", { token: this.token() });
    if (this.refused) {
      this.refused = false;
      this.open();
    }
    return Promise.resolve();
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.socket.close(1000);
  }
}
