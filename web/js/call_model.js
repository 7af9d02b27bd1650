/**
 * What a page knows of one call: folded from the events that the engine sends, nothing else.
 * Pure: (state, envelope) -> state.
 */

const PHASE_OF = {
  CallOffered: "offered",
  CallOriginated: "originating",
  CallAlerted: "alerting",
  CallAnswered: "intake",
  AiEngaged: "ai_engaged",
  CallQueued: "queued",
  AgentAlerted: "agent_alerting",
  AgentMissed: "queued",
  AgentConnected: "agent_connected",
  TransferReturned: "agent_connected",
  VoicemailStarted: "voicemail",
  CallbackBooked: "callback_booked",
  WrapUpStarted: "wrapping_up",
  CallCompleted: "completed",
  CallAbandoned: "abandoned",
  CallFailed: "failed",
  CallCancelled: "cancelled",
};

export const OVER = new Set(["wrapping_up", "completed", "abandoned", "failed", "cancelled"]);

export function newCall(callId) {
  return {
    callId,
    phase: "",
    startedAt: 0,
    connectedAt: 0,
    lines: [],
    slots: {},
    legs: {},
    held: new Set(),
    consent: "",
    recording: "",
    handOver: null,
    escalation: "",
    offer: null,
    accepted: false,
    agentLeg: "",
    /** Who hands the caller on, and how far that is. */
    transfer: null,
    queue: "",
    queuedAt: 0,
    endReason: "",
  };
}

export function typeOf(envelope) {
  return (envelope.event?.event?.["@type"] ?? "").split(".").pop();
}

/** A call from the events so far, as one gets it who joins late. */
export function callFrom(callId, history) {
  return history.reduce(fold, newCall(callId));
}

/** @returns the state with the envelope's event folded in; the same object when nothing changed. */
export function fold(state, envelope) {
  const type = typeOf(envelope);
  const event = envelope.event.event;
  const at = Date.parse(envelope.event.occurredAt);
  const next = { ...state };
  if (PHASE_OF[type]) next.phase = PHASE_OF[type];
  const change = CHANGES[type];
  if (change) change(next, event, at, envelope);
  return next;
}

const CHANGES = {
  CallOffered: (call, _event, at) => {
    call.startedAt = at;
  },
  LegAdded: (call, event) => {
    call.legs = { ...call.legs, [event.legId]: { legId: event.legId, role: roleOf(event.role), state: "initiated" } };
    // An agent who came back has another leg.
    if (event.replacesLegId && event.replacesLegId === call.agentLeg) call.agentLeg = event.legId;
  },
  LegStateTaken: (call, event) => {
    const leg = call.legs[event.legId];
    if (leg) call.legs = { ...call.legs, [event.legId]: { ...leg, state: wordOf(event.state, "LEG_STATE_") } };
  },
  LegHeld: (call, event) => {
    call.held = new Set(call.held).add(event.legId);
  },
  LegRetrieved: (call, event) => {
    call.held = new Set(call.held);
    call.held.delete(event.legId);
  },
  ConsentRequested: (call) => {
    call.consent = "asked";
  },
  ConsentRecorded: (call, event, at) => {
    call.consent = event.given ? "given" : "refused";
    call.consentAt = at;
  },
  RecordingStarted: (call) => {
    call.recording = "on";
  },
  RecordingPaused: (call) => {
    call.recording = "paused";
  },
  RecordingResumed: (call) => {
    call.recording = "on";
  },
  RecordingStopped: (call) => {
    call.recording = "off";
  },
  SlotsTaken: (call, event) => {
    call.slots = event.slots ?? {};
  },
  UtteranceHeard: (call, event, at) => addLine(call, { who: "caller", text: event.text, at, id: event.turnId }),
  ReplyPlanned: (call, event, at) =>
    addLine(call, { who: "ai", text: (event.clauses ?? []).join(" "), at, id: event.playId, speaking: true }),
  ReplyHeard: (call, event, at) => {
    // A history has what was heard and not what was planned.
    if (!call.lines.some((line) => line.id === event.playId)) addLine(call, { who: "ai", text: event.text ?? "", at, id: event.playId });
    call.lines = call.lines.map((line) => (line.id === event.playId ? heardLine(line, event) : line));
  },
  EscalationDecided: (call, event, at) => {
    call.escalation = event.reason;
    addLine(call, { who: "system", text: `AI agent asked for a human: ${wordsOf(event.reason)}`, at, id: "escalation" });
  },
  AiReleased: (call, event) => {
    call.handOver = { summary: event.summary ?? "", urgency: wordOf(event.urgency ?? "", "URGENCY_") };
  },
  CallQueued: (call, event, at) => {
    call.queue = event.queue;
    call.queuedAt = at;
  },
  AgentAlerted: (call, event, at) => {
    call.offer = { agentId: event.agentId, reservationEpoch: event.reservationEpoch, at };
    call.accepted = false;
  },
  AgentAccepted: (call) => {
    call.accepted = true;
  },
  AgentMissed: (call) => {
    call.offer = null;
  },
  AgentConnected: (call, event, at) => {
    call.agentLeg = event.legId;
    call.connectedAt = at;
    call.offer = null;
    addLine(call, { who: "system", text: "A human agent joined, the AI agent left", at, id: "joined" });
  },
  TransferStarted: (call, event) => {
    call.transfer = { agentId: event.agentId, legId: event.legId, consult: Boolean(event.consult), stage: "ringing" };
  },
  ConsultBegun: (call) => {
    if (call.transfer) call.transfer = { ...call.transfer, stage: "consulting" };
  },
  ConferenceBegun: (call) => {
    if (call.transfer) call.transfer = { ...call.transfer, stage: "conference" };
  },
  TransferCompleted: (call) => {
    call.transfer = null;
  },
  TransferEnded: (call) => {
    call.transfer = null;
  },
  TransferReturned: (call, event, at) => {
    call.transfer = null;
    call.offer = null;
    call.agentLeg = event.legId;
    addLine(call, { who: "system", text: `The transfer came back: ${wordsOf(event.reason)}`, at, id: `returned-${at}` });
  },
  WrapUpStarted: (call, event, at) => {
    call.endReason = event.reason;
    call.endedAt = at;
  },
  CallAbandoned: (call, event) => {
    call.endReason = event.reason;
  },
  CallFailed: (call, event) => {
    call.endReason = event.reason;
  },
  CallCancelled: (call, event) => {
    call.endReason = event.reason ?? "";
  },
};

function addLine(call, line) {
  call.lines = [...call.lines.filter((known) => known.id !== line.id), line];
}

/** Words that never reached the caller are kept apart, so that the page can strike them. */
function heardLine(line, event) {
  const heard = event.text ?? "";
  const unheard = event.interrupted && line.text.startsWith(heard) ? line.text.slice(heard.length) : "";
  return { ...line, text: heard, unheard, speaking: false };
}

function wordOf(value, prefix) {
  return String(value ?? "").replace(prefix, "").toLowerCase();
}

function roleOf(role) {
  return wordOf(role, "LEG_ROLE_");
}

/** `CALLER_ASKED` -> `caller asked`, `front-desk` -> `front desk`. */
export function wordsOf(reason) {
  return String(reason ?? "").replaceAll(/[_-]/g, " ").toLowerCase();
}

/** `clinical call` -> `Clinical call`. */
export function sentence(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const URGENCY = { URGENCY_ROUTINE: "Can wait", URGENCY_SOON: "Today", URGENCY_URGENT: "Now" };

/** How urgent it is, in words; empty when nobody knows. */
export function urgencyOf(call) {
  return URGENCY[call.slots.urgency] ?? "";
}

/** `+15035550142` -> `+1 503 555 0142`; other numbers stay as they are. */
export function phoneOf(number) {
  const parts = /^(\+1)?(\d{3})(\d{3})(\d{4})$/.exec(number ?? "");
  return parts ? parts.slice(1).filter(Boolean).join(" ") : (number ?? "");
}

/** `Elena Marsh` -> `EM`. */
export function initialsOf(name) {
  const words = String(name ?? "").split(" ").filter(Boolean);
  return [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => word?.charAt(0) ?? "").join("").toUpperCase();
}

/** 402000 -> `06:42`. */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value) => String(value).padStart(2, "0");
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
}

/** The leg of a role that is not over, if any. */
export function liveLeg(call, role) {
  return Object.values(call.legs).find((leg) => leg.role === role && leg.state !== "ended" && leg.state !== "failed");
}
