/** What surrounds the call on a desk: top bar, the agent's own state, banners. */
import { html, useLayoutEffect } from "../vendor/preact_htm.js";
import { duration } from "./call_model.js";
import { reasonWords } from "./desk_model.js";
import { Brand, Icon } from "./icons.js";

const STATES = {
  READY: ["ok", "Ready"],
  NOT_READY: ["", "Not ready"],
  RESERVED: ["warn", "Call offered"],
  BUSY: ["acc", "On a call"],
  WRAP_UP: ["warn", "Wrap-up"],
};
const PLANE = { open: "Connected", connecting: "Connecting", reconnecting: "Reconnecting", refused: "Not signed in" };
const BREAKS = { BREAK: "Break", LUNCH: "Lunch", MEETING: "Meeting" };

export function TopBar({ desk }) {
  return html`<header class="topbar"><${Brand} />
    <nav class="nav" aria-label="Main"><a href="#desk" onClick=${(event) => event.preventDefault()} class="on" aria-current="page">Desk</a></nav><span class="push"></span>
    <span class="conn" role="status"><${Icon} name=${desk.plane === "open" ? "wifi" : "wifiOff"} size="s" />${PLANE[desk.plane]}</span>
    ${desk.media !== "none" && html`<span class="conn"><${Icon} name="headset" size="s" />${desk.media === "connected" ? "Headset" : "Headset connects"}</span>`}
    ${desk.agentId && html`<span class="row tight"><span class="ava s ours" aria-hidden="true">${desk.agentId.slice(0, 2).toUpperCase()}</span><span class="med">${desk.agentId}</span></span>`}
  </header>`;
}

export function MyState({ desk, now, setState }) {
  const [dot, word] = STATES[desk.state] ?? ["", "Signing in"];
  const inCall = desk.state === "BUSY" || desk.state === "RESERVED" || desk.state === "WRAP_UP";
  const other = desk.wanted === "READY" ? "NOT_READY" : "READY";
  useLayoutEffect(() => {
    const keys = (event) => {
      if (!event.altKey || event.key.toLowerCase() !== "s") return;
      event.preventDefault();
      setState(other);
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  });
  const choice = (state, dotClass, label) => html`<button role="radio" aria-checked=${desk.wanted === state} class=${desk.wanted === state ? "on" : ""} onClick=${() => setState(state)}><span class="dot ${dotClass}"></span>${label}</button>`;
  return html`<section class="state">
    <div class="row"><span class="dot ${dot}"></span><h2 class="grow" role="status" data-testid="agent-state">${word}</h2>${desk.since > 0 && html`<span class="med">${duration(now - desk.since)}</span>`}</div>
    <div class="row small faint gap"><span class="grow">${inCall ? "After this call" : "Take calls"}</span><kbd>Alt S</kbd></div>
    <div class="seg" role="radiogroup" aria-label=${inCall ? "Next state" : "State"}>${choice("READY", "ok", "Ready")}${choice("NOT_READY", "ring", "Not ready")}</div>
    ${desk.wanted === "NOT_READY" && !inCall && html`<div class="row tight breaks" role="group" aria-label="Why not ready">${Object.entries(BREAKS).map(
      ([reason, label]) => html`<button key=${reason} class="btn sm ${desk.reason === reason ? "on" : ""}" aria-pressed=${desk.reason === reason} onClick=${() => setState("NOT_READY", reason)}>${label}</button>`,
    )}</div>`}
    <p class="small faint note">${note(desk, inCall)}</p>
  </section>`;
}

function note(desk, inCall) {
  if (desk.state === "RESERVED") return "If you let it ring out, you become Not ready.";
  if (inCall) return "Takes effect when this call and its wrap-up end.";
  return BREAKS[desk.reason] ? "" : reasonWords(desk.state === "NOT_READY" ? desk.reason : "");
}

export function Banners({ desk, refusal, rejoin }) {
  return html`
    ${desk.plane === "refused" && html`<p class="banner bad" role="alert"><${Icon} name="alert" /><span><b>${desk.detail === "TOKEN_EXPIRED" ? "Your sign-in has run out." : "This desk may not sign in."}</b> Open a new address of the desk in this window. (${desk.detail})</span></p>`}
    ${desk.plane === "reconnecting" && html`<p class="banner warn" role="status"><${Icon} name="wifiOff" /><span><b>Reconnecting.</b> ${desk.media === "connected" ? "The call goes on: you and the caller hear each other." : "You get all that you missed."}</span></p>`}
    ${desk.media === "rejoining" && html`<p class="banner warn" role="status"><${Icon} name="micOff" /><span><b>Your line comes back.</b> The caller does not hear you for a moment, and is still there.</span></p>`}
    ${refusal && html`<p class="banner bad" role="alert"><${Icon} name="alert" /><span><b>${refusal.what} did not work.</b> ${refusal.message} (${refusal.reason})</span></p>`}
    ${rejoin && html`<p class="banner warn" role="alert"><${Icon} name="micOff" /><span><b>The caller does not hear you.</b> Your line to the call is gone, the caller is still there.</span><button class="btn sm" onClick=${rejoin}>Join again</button></p>`}`;
}
