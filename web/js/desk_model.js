/** What the desk knows: the agent's state and the one call in hand. Pure: (desk, action) -> desk. */
import { OVER, fold, newCall, typeOf, wordsOf } from "./call_model.js";

export function newDesk() {
  return { plane: "connecting", detail: "", agentId: "", state: "", wanted: "", reason: "", call: null, legId: "", media: "none", ended: false };
}

export function reduceDesk(desk, action) {
  switch (action.type) {
    case "plane":
      return { ...desk, plane: action.state, detail: action.detail ?? "" };
    case "hello":
      return withState({ ...desk, agentId: action.hello.agent_id }, action.hello.state, "");
    case "event":
      return reduceEvent(desk, action.envelope);
    case "joined":
      return { ...desk, legId: action.legId };
    case "media":
      return { ...desk, media: action.state };
    default:
      return desk;
  }
}

function withState(desk, state, reason) {
  const wanted = state === "NOT_READY" ? "NOT_READY" : "READY";
  return { ...desk, state, wanted, reason: reason ? `Reason: ${wordsOf(reason)}` : "" };
}

function reduceEvent(desk, envelope) {
  const { stream, event } = envelope.event;
  if (stream.kind === "agent") {
    if (typeOf(envelope) !== "AgentStateChanged") return desk;
    return withState(desk, String(event.state).replace("AGENT_STATE_", ""), event.reason);
  }
  // A new call replaces the one that is over; events of an older one are no longer shown.
  const current = desk.call?.callId === stream.id ? desk.call : null;
  if (!current && desk.call && !desk.ended) return desk;
  const call = fold(current ?? newCall(stream.id), envelope);
  const ended = OVER.has(call.phase);
  const missed = current && typeOf(envelope) === "AgentMissed";
  if (missed) return { ...desk, call: null, legId: "", ended: false };
  return { ...desk, call, ended, legId: current ? desk.legId : "" };
}
