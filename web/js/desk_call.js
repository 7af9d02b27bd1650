/** The call in hand: caller, strip, hand-over, transcript, controls. */
import { html, useEffect, useState } from "../vendor/preact_htm.js";
import { OVER, duration, liveLeg, wordsOf } from "./call_model.js";
import { Icon } from "./icons.js";
import { Transcript } from "./transcript.js";

/** @param {{desk: object, now: number, command: Function, leg: object, hangUp: Function}} props */
export function CallView({ desk, now, command, leg, hangUp }) {
  const { call } = desk;
  const over = OVER.has(call.phase);
  return html`<header class="caller">
      <span class="ava l"><${Icon} name="user" size="l" /></span>
      <div class="grow"><div class="row"><h1>${call.slots.name || "Caller"}</h1>${over && html`<span class="tag">${wordsOf(call.phase)}</span>`}</div>
        <div class="row tight dim"><span>${call.slots.callbackNumber ?? ""}</span></div></div>
      <div class="timer"><span class="big">${call.connectedAt && !over ? duration(now - call.connectedAt) : "–"}</span><span class="small faint">with you</span></div>
    </header>
    <${Strip} call=${call} />
    <${HandOver} call=${call} />
    <header class="talkh"><h2>Live transcript</h2><span class="key"><i></i>Caller</span><span class="key"><i class="a"></i>AI agent</span></header>
    <${Transcript} lines=${call.lines} startedAt=${call.startedAt} />
    ${!over && html`<${Controls} desk=${desk} command=${command} leg=${leg} hangUp=${hangUp} />`}`;
}

function Strip({ call }) {
  const recording = { on: html`<span class="dot rec"></span>Recording`, paused: "Recording paused" }[call.recording] ?? "Not recording";
  const consent = { given: "Consent given", refused: "Consent refused", asked: "Consent asked" }[call.consent] ?? "Consent not asked";
  const words = { caller: call.slots.name || "Caller", ai_agent: "AI agent", human_agent: "You" };
  const jack = { caller: "c", ai_agent: "", human_agent: "h" };
  return html`<div class="strip"><span class="row tight">${recording}</span><span class="row tight">${consent}</span>
    <span class="row tight push"><span class="faint">On this call</span>${Object.keys(words).filter((role) => liveLeg(call, role)).map(
      (role) => html`<span class="who" key=${role}><span class="jk ${jack[role]}"></span>${words[role]}${call.held.has(liveLeg(call, role).legId) && html` <span class="faint">on hold</span>`}</span>`,
    )}</span></div>`;
}

function HandOver({ call }) {
  if (!call.handOver && !call.slots.name && !call.slots.reason) return null;
  const { name, callbackNumber, reason, urgency } = call.slots;
  const slot = (label, value) => html`<div><span class="sl">${label}</span><span class="sv">${value || "not known"}</span></div>`;
  return html`<section class="hand" aria-label="Hand-over from the AI agent">
    <header class="row"><span class="acc"><${Icon} name="bot" /></span><h2>Handed over by the AI agent</h2></header>
    <p class="why">${call.escalation && html`<b class="med">Why you:</b> ${wordsOf(call.escalation)}. `}${call.handOver?.summary ?? ""}</p>
    <div class="slots">${slot("Name", name)}${slot("Callback number", callbackNumber)}${slot("Urgency", wordsOf(String(urgency ?? "").replace("URGENCY_", "")))}
      <div class="wide"><span class="sl">Reason</span><span class="sv">${reason || "not known"}</span></div></div>
  </section>`;
}

function Controls({ desk, command, leg, hangUp }) {
  const { call } = desk;
  const [muted, setMuted] = useState(false);
  const [pending, setPending] = useState("");
  const caller = liveLeg(call, "caller");
  const held = Boolean(caller && call.held.has(caller.legId));
  const talking = call.phase === "agent_connected";
  const mute = () => {
    leg.current?.mute(!muted);
    setMuted(!muted);
  };
  const hold = () => {
    setPending("hold");
    return command(held ? "retrieve" : "hold", { call_id: call.callId, leg_id: caller.legId }).finally(() => setPending(""));
  };
  const end = async () => {
    setPending("end");
    await command("hang_up", { call_id: call.callId });
    await hangUp();
    setPending("");
  };
  useEffect(() => {
    const keys = (event) => {
      if (["INPUT", "TEXTAREA"].includes(event.target.tagName) || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === "m") mute();
      if (event.key === "h" && talking) hold();
      if (event.key === "E" && event.shiftKey) end();
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  });
  return html`<footer class="bar"><div class="ctls">
      <button class="ctl ${muted ? "on" : ""}" aria-pressed=${muted} disabled=${!talking} onClick=${mute}><${Icon} name=${muted ? "micOff" : "mic"} size="l" /><span class="lb">${muted ? "Muted" : "Mute"} <kbd>M</kbd></span></button>
      <button class="ctl ${held ? "on" : ""} ${pending === "hold" ? "pend" : ""}" aria-pressed=${held} disabled=${!talking} onClick=${hold}><${Icon} name=${held ? "play" : "pause"} size="l" /><span class="lb">${held ? "Retrieve" : "Hold"} <kbd>H</kbd></span></button>
    </div>
    <span class="small faint">${held ? "The caller hears silence. Nobody hears the caller." : desk.media === "connected" ? "The caller hears you" : "Connecting your microphone"}</span>
    <button class="ctl end push ${pending === "end" ? "pend" : ""}" onClick=${end}><${Icon} name="phoneOff" size="l" /><span class="lb">End <kbd>⇧E</kbd></span></button>
  </footer>`;
}
