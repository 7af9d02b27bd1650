/** The call in hand: caller, strip, hand-over, transcript, controls. */
import { html, useLayoutEffect, useState } from "../vendor/preact_htm.js";
import { OVER, duration, initialsOf, liveLeg, phoneOf, sentence, urgencyOf, wordsOf } from "./call_model.js";
import { Icon } from "./icons.js";
import { Urgency } from "./offer.js";
import { Transcript, TranscriptHead } from "./transcript.js";
import { TransferBar } from "./desk_transfer.js";

/** @param {{desk: object, now: number, command: Function, leg: object, ending: () => void, next: () => void}} props */
export function CallView({ desk, now, command, leg, ending, next }) {
  const { call } = desk;
  const over = OVER.has(call.phase);
  const connected = call.connectedAt > 0;
  const waited = connected && call.queuedAt ? `Waited ${waitWords(call.connectedAt - call.queuedAt)}` : "";
  return html`<header class="caller">
      <span class="ava l" aria-hidden="true">${initialsOf(call.slots.name) || html`<${Icon} name="user" size="l" />`}</span>
      <div class="grow"><div class="row"><h1>${call.slots.name || "Caller"}</h1><${Urgency} call=${call} />${over && html`<span class="tag">Call ended</span>`}</div>
        <p class="dim clip">${[phoneOf(call.slots.callbackNumber), sentence(wordsOf(call.queue)), waited].filter(Boolean).join(" · ")}</p></div>
      <div class="timer"><span class="big">${call.startedAt ? duration((over ? call.endedAt ?? now : now) - call.startedAt) : "–"}</span>
        <span class="small faint">${connected ? `with you ${duration((over ? call.endedAt ?? now : now) - call.connectedAt)}` : "connecting"}</span></div>
    </header>
    <${Strip} call=${call} />
    <${HandOver} call=${call} />
    <${TranscriptHead} title=${connected ? "Transcript with the AI agent" : "Live transcript"} />
    <${Transcript} lines=${call.lines} startedAt=${call.startedAt} />
    ${!over && connected && html`<${TransferBar} desk=${desk} command=${command} />`}
    ${over ? html`<${Ended} desk=${desk} next=${next} />` : html`<${Controls} desk=${desk} command=${command} leg=${leg} ending=${ending} />`}`;
}

function waitWords(ms) {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

function Strip({ call }) {
  const over = OVER.has(call.phase);
  const now = { on: html`<span class="dot rec"></span><span class="med">Recording</span>`, paused: "Recording paused", off: "Recording stopped" }[call.recording] ?? "Not recording";
  const recording = over ? (call.recording ? "Recorded" : "Not recorded") : now;
  const consent = { given: "Consent given", refused: "Consent refused", asked: "Consent asked" }[call.consent] ?? "Consent not asked";
  const words = { caller: call.slots.name?.split(" ")[0] || "Caller", ai_agent: "AI agent", human_agent: "You" };
  const jack = { caller: "c", ai_agent: "", human_agent: "h" };
  const present = over ? [] : Object.keys(words).filter((role) => liveLeg(call, role));
  return html`<div class="strip"><span class="row tight">${recording}</span>
    <span class="row tight">${call.consent === "given" && html`<span class="ok"><${Icon} name="check" size="s" /></span>`}${consent}</span>
    <span class="row tight push"><span class="faint">On this call</span>${present.map(
      (role) => html`<span class="who" key=${role}><span class="jk ${jack[role]}"></span>${words[role]}${call.held.has(liveLeg(call, role).legId) && html` <span class="warn">on hold</span>`}</span>`,
    )}${present.length === 0 && html`<span class="who">nobody</span>`}</span></div>`;
}

function HandOver({ call }) {
  const [open, setOpen] = useState(true);
  if (!call.handOver && !call.slots.name && !call.slots.reason) return null;
  const { name, callbackNumber, reason } = call.slots;
  const slot = (label, value, wide = "") => html`<div class=${wide}><span class="sl">${label}</span><span class="sv ${value ? "" : "faint"}">${value || "not known"}</span></div>`;
  return html`<section class="hand" aria-label="Hand-over from the AI agent">
    <header class="row"><span class="acc"><${Icon} name="bot" /></span><h2 class="grow">Handed over by the AI agent</h2>
      <button class="btn ghost sm" aria-expanded=${open} onClick=${() => setOpen(!open)}>${open ? "Collapse" : "Show"}<span class=${open ? "turned" : ""}><${Icon} name="chevron" size="s" /></span></button></header>
    ${open && html`<p class="why">${call.escalation && html`<b class="med">Why you:</b> ${wordsOf(call.escalation)}. `}${call.handOver?.summary ?? ""}</p>
    <div class="slots">${slot("Name", name)}${slot("Callback number", phoneOf(callbackNumber))}${slot("Urgency", urgencyOf(call))}${slot("Reason", reason, "wide")}</div>`}
  </section>`;
}

function Controls({ desk, command, leg, ending }) {
  const { call, muted } = desk;
  const [asked, setAsked] = useState({ what: "", held: false });
  const caller = liveLeg(call, "caller");
  const held = Boolean(caller && call.held.has(caller.legId));
  const talking = call.phase === "agent_connected" && Boolean(caller) && call.transfer?.stage !== "consulting";
  const mute = () => leg.mute(!muted);
  // The event that says it is done may be here before the reply: what counts is which comes first.
  const pending = asked.what === "hold" && asked.held !== held ? "" : asked.what;
  const working = async (what, doing) => {
    if (pending) return;
    const mine = { what, held };
    setAsked(mine);
    await doing();
    setAsked((newest) => (newest === mine ? { what: "", held } : newest));
  };
  const hold = () => working("hold", () => command(held ? "retrieve" : "hold", { call_id: call.callId, leg_id: caller.legId }));
  const end = () =>
    working("end", async () => {
      // Without the engine's word the agent's own leg ends all the same.
      ending();
      const ended = await command("hang_up", { call_id: call.callId });
      await leg.drop(!ended);
    });
  useLayoutEffect(() => {
    const keys = (event) => {
      if (["INPUT", "TEXTAREA"].includes(event.target.tagName) || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === "m" && talking) mute();
      if (event.key === "h" && talking) hold();
      if (event.key === "E" && event.shiftKey) end();
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  });
  return html`<footer class="bar"><div class="ctls" role="group" aria-label="Call controls">
      <button class="ctl ${muted ? "on" : ""}" aria-pressed=${muted} disabled=${!talking} onClick=${mute}><${Icon} name=${muted ? "micOff" : "mic"} size="l" /><span class="lb">${muted ? "Muted" : "Mute"} <kbd>M</kbd></span></button>
      <button class="ctl ${held ? "on" : ""} ${pending === "hold" ? "pend" : ""}" aria-pressed=${held} aria-busy=${pending === "hold"} disabled=${!talking} onClick=${hold}><${Icon} name=${held ? "play" : "pause"} size="l" /><span class="lb">${held ? "Retrieve" : "Hold"} <kbd>H</kbd></span></button>
    </div>
    <span class="small faint" role="status">${hears(desk, held, talking)}</span>
    <button class="ctl end push ${pending === "end" ? "pend" : ""}" aria-busy=${pending === "end"} onClick=${end}><${Icon} name="phoneOff" size="l" /><span class="lb">End <kbd>⇧E</kbd></span></button>
  </footer>`;
}

function hears(desk, held, talking) {
  if (desk.ending) return "Ending the call";
  const name = desk.call.slots.name?.split(" ")[0] || "The caller";
  if (desk.call.transfer) return TRANSFERRING[desk.call.transfer.stage];
  if (!talking) return "Connecting you with the caller";
  if (held) return `${name} is on hold. You do not hear each other.`;
  if (desk.media !== "connected") return `Connecting your microphone. ${name} does not hear you yet.`;
  return desk.muted ? `${name} does not hear you. You hear ${name === "The caller" ? "the caller" : name}.` : `${name} hears you.`;
}

const TRANSFERRING = {
  ringing: "Another agent is being rung. The caller hears music.",
  consulting: "You talk with the other agent. The caller is on hold.",
  conference: "All three of you hear each other.",
};

const ENDINGS = {
  CALLER_HUNG_UP: "The caller hung up.",
  CALLER_VANISHED: "The caller's line was lost.",
  AGENT_HUNG_UP: "You ended the call.",
  DONE: "The call is done.",
};

function Ended({ desk, next }) {
  const { endReason } = desk.call;
  return html`<footer class="bar"><p class="grow" role="status"><b class="med">Call ended.</b> <span class="dim">${ENDINGS[endReason] ?? sentence(wordsOf(endReason))}</span></p>
    ${desk.state !== "READY" && html`<button class="btn primary lg" onClick=${next}>Ready for the next call</button>`}</footer>`;
}
