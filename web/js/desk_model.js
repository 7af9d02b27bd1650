/** What the desk knows: the agent's state and the one call in hand. Pure: (desk, action) -> desk. */
import { OVER, callFrom, fold, typeOf, wordsOf } from "./call_model.js";

/** Decisions after which the call is no longer this agent's. */
const ELSEWHERE = new Set(["AgentMissed", "CallQueued", "AiEngaged", "VoicemailStarted", "CallbackBooked", "TransferEnded"]);

export function newDesk() {
  return {
    plane: "connecting",
    detail: "",
    agentId: "",
    state: "",
    wanted: "",
    reason: "",
    since: 0,
    call: null,
    ended: false,
    /** The agent has hung up; the engine's word on it is still to come. */
    ending: false,
    missed: "",
    media: "none",
    muted: false,
  };
}

export function reduceDesk(desk, action) {
  switch (action.type) {
    case "plane":
      return { ...desk, plane: action.state, detail: action.detail ?? "" };
    case "hello":
      return welcome(desk, action.hello, action.now);
    case "event":
      return reduceEvent(desk, action);
    case "media":
      return { ...desk, media: action.state, muted: action.state === "none" ? false : desk.muted };
    case "ending":
      return { ...desk, ending: true };
    case "muted":
      return { ...desk, muted: action.muted };
    default:
      return desk;
  }
}

function welcome(desk, hello, now) {
  const next = { ...desk, agentId: hello.agent_id, state: hello.state, wanted: hello.wanted, reason: hello.reason, since: now };
  return hello.history ? withCall(next, hello.history, now) : next;
}

/** Shows a call from its history on; a desk has one call at a time. */
function withCall(desk, history, now) {
  const call = callFrom(history[0].event.stream.id, history);
  if (call.offer) call.offer.at = Math.min(call.offer.at, now);
  return { ...desk, call, ended: OVER.has(call.phase), ending: false, missed: "" };
}

function reduceEvent(desk, { envelope, history, now }) {
  const { stream, event } = envelope.event;
  const known = history ? withCall(desk, history, now) : desk;
  if (stream.kind === "agent") {
    return typeOf(envelope) === "AgentStateChanged" ? withState(known, event, now) : known;
  }
  if (known.call?.callId !== stream.id) return known;
  const type = typeOf(envelope);
  if (isElsewhere(known, type, event)) return { ...known, call: null, ended: false, missed: type === "AgentMissed" ? event.reason : "" };
  const call = fold(known.call, envelope);
  // The ring counts from when this desk heard of it: the clocks of two machines may differ.
  if (type === "AgentAlerted") call.offer.at = now;
  return { ...known, call, ended: OVER.has(call.phase) };
}

/** Whether the call is no longer this agent's; who hands it on keeps it until somebody else has it. */
function isElsewhere({ agentId, call }, type, event) {
  if (type === "TransferCompleted" || type === "TransferReturned") return event.agentId !== agentId;
  const handsOn = call.transfer?.agentId === agentId;
  if (handsOn && (type === "CallQueued" || type === "AgentMissed")) return false;
  return ELSEWHERE.has(type);
}

function withState(desk, fact, now) {
  const state = String(fact.state).replace("AGENT_STATE_", "");
  const said = state === "READY" || state === "NOT_READY";
  return {
    ...desk,
    state,
    wanted: said ? state : desk.wanted,
    reason: fact.reason ?? "",
    since: state === desk.state ? desk.since : now,
  };
}

const REASONS = {
  SIGNED_IN: "You have just signed in.",
  NO_ANSWER: "You did not answer the last call.",
  DECLINED: "You declined the last call.",
  SESSION_LOST: "This desk lost its connection.",
};

/** Why the agent is in their state, in words. */
export function reasonWords(reason) {
  if (!reason) return "";
  return REASONS[reason] ?? `Reason: ${wordsOf(reason)}.`;
}
