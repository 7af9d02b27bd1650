/**
 * A browser's part in a call: the microphone, and the leg that carries it.
 *
 * A connection that breaks is replaced by a new one with the microphone that is still open; the call stays the same.
 */
import { WebrtcLeg, openMicrophone } from "./webrtc_leg.js";

const TRIES = 5;
const BETWEEN_MS = 500;
const BROKEN = new Set(["disconnected", "failed", "closed"]);

/** @typedef {"connecting"|"connected"|"rejoining"|"failed"} MediaState */

export class CallLeg {
  /**
   * @param {() => string} token gives the bearer token
   * @param {(state: MediaState) => void} onState
   */
  constructor(token, onState) {
    this.token = token;
    this.onState = onState;
    this.leg = null;
    this.callId = "";
    this.legId = "";
    this.left = false;
    this.muted = false;
    this.online = () => this.leg && this.leg.connection.connectionState !== "connected" && this.rejoin();
    addEventListener("online", this.online);
  }

  /**
   * Opens the microphone and joins.
   * @param {string} path `/v1/legs` for a new call, `/v1/calls/{call_id}/legs` for one that is there
   * @param {string} [replaces] own leg of before, whose place this one takes
   * @returns {Promise<{callId: string, legId: string}>} rejected with {reason, message}
   */
  async start(path, replaces = "") {
    this.onState("connecting");
    try {
      this.microphone ??= await openMicrophone();
    } catch {
      throw { reason: "MICROPHONE", message: "The browser does not open the microphone." };
    }
    await this.connect(path, replaces);
    return { callId: this.callId, legId: this.legId };
  }

  async connect(path, replaces) {
    const leg = new WebrtcLeg(this.microphone, (state) => this.leg === leg && this.changed(state));
    this.leg?.close();
    this.leg = leg;
    const query = replaces ? `?replaces=${encodeURIComponent(replaces)}` : "";
    ({ callId: this.callId, legId: this.legId } = await leg.join(`${path}${query}`, this.token()));
    if (this.left) await this.leave();
  }

  changed(state) {
    if (state === "connected") this.onState("connected");
    if (BROKEN.has(state)) this.rejoin();
  }

  async rejoin() {
    if (this.rejoining || this.left || !this.legId) return;
    this.rejoining = true;
    this.onState("rejoining");
    for (let number = 0; number < TRIES && !this.left; number += 1) {
      try {
        await this.connect(`/v1/calls/${this.callId}/legs`, this.legId);
        this.rejoining = false;
        return;
      } catch (why) {
        // What the engine refuses it refuses again; a network that is away may come back.
        if (why.reason) break;
        await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS * (number + 1)));
      }
    }
    this.rejoining = false;
    if (!this.left) this.onState("failed");
  }

  /** Mutes or opens the microphone; the leg stays. */
  mute(muted) {
    for (const track of this.microphone?.getAudioTracks() ?? []) track.enabled = !muted;
  }

  /** Ends the leg here, and at the node unless it has ended there. */
  async leave(tell = true) {
    this.left = true;
    removeEventListener("online", this.online);
    for (const track of this.microphone?.getTracks() ?? []) track.stop();
    await this.leg?.leave(tell);
  }
}
