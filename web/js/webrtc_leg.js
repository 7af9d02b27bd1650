/**
 * The browser's leg of a call.
 *
 * The browser is the only offerer. Its one offer has a line to speak and hear on and three listening slots more, so that
 * joins, transfers and supervision need no second offer. It is posted at once, without candidates: the node learns
 * the way back from the first packet.
 */

const LISTENING_SLOTS = 3;

/** Opens the microphone; call it early, since the first opening of a browser takes a few hundred milliseconds. */
export function openMicrophone() {
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
  return navigator.mediaDevices.getUserMedia({ audio });
}

export class WebrtcLeg {
  /**
   * @param {MediaStream} microphone
   * @param {(state: RTCPeerConnectionState) => void} onState
   */
  constructor(microphone, onState) {
    this.microphone = microphone;
    this.location = "";
    this.connection = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
    this.speakers = [];
    const [track] = microphone.getAudioTracks();
    this.connection.addTransceiver(track, { direction: "sendrecv", streams: [microphone] });
    for (let slot = 0; slot < LISTENING_SLOTS; slot += 1) {
      this.connection.addTransceiver("audio", { direction: "recvonly" });
    }
    this.connection.ontrack = (event) => this.hear(event.track);
    this.connection.onconnectionstatechange = () => onState(this.connection.connectionState);
  }

  hear(track) {
    const speaker = new Audio();
    speaker.srcObject = new MediaStream([track]);
    speaker.autoplay = true;
    this.speakers.push(speaker);
    speaker.play().catch(() => undefined);
  }

  /**
   * Posts the offer and takes the answer.
   * @param {string} path `/v1/legs`, or `/v1/calls/{call_id}/legs`
   * @param {string} token
   * @returns {Promise<{callId: string, legId: string}>} rejected with {reason, message}
   */
  async join(path, token) {
    const offer = await this.connection.createOffer();
    await this.connection.setLocalDescription(offer);
    const response = await fetch(path, {
      method: "POST",
      headers: {
        "Content-Type": "application/sdp",
        Authorization: `Bearer ${token}`,
        "Idempotency-Key": crypto.randomUUID(),
      },
      body: offer.sdp,
    });
    if (!response.ok) throw await refusalOf(response);
    const sdp = await response.text();
    this.location = response.headers.get("Location") ?? "";
    this.token = token;
    await this.connection.setRemoteDescription({ type: "answer", sdp });
    const [, , , callId, , legId] = this.location.split("/");
    return { callId, legId };
  }

  /** Ends the connection here only. */
  close() {
    this.connection.onconnectionstatechange = null;
    this.connection.close();
    for (const speaker of this.speakers) speaker.srcObject = null;
  }

  /** Ends the leg here, and at the node unless it has ended there. */
  async leave(tell) {
    this.close();
    if (!tell || !this.location) return;
    const headers = { Authorization: `Bearer ${this.token}` };
    await fetch(this.location, { method: "DELETE", headers, keepalive: true }).catch(() => undefined);
  }
}

/** Reads a problem+json answer (RFC 9457). */
export async function refusalOf(response) {
  const problem = await response.json().catch(() => ({}));
  return {
    reason: problem.reason ?? `HTTP_${response.status}`,
    message: problem.detail ?? problem.title ?? "The engine refused.",
  };
}
