/** The agent desk: be ready, answer, hold, hang up; with the hand-over and the transcript in view. */
import { html, render, useEffect, useReducer, useRef, useState } from "../vendor/preact_htm.js";
import { CallView } from "./desk_call.js";
import { newDesk, reduceDesk } from "./desk_model.js";
import { EventPlane } from "./event_plane.js";
import { Icon } from "./icons.js";
import { Offer } from "./offer.js";
import { tokenOfPage } from "./token.js";
import { WebrtcLeg, openMicrophone } from "./webrtc_leg.js";

const STATE_WORDS = {
  READY: ["ok", "Ready"],
  NOT_READY: ["", "Not ready"],
  RESERVED: ["warn", "Call offered"],
  BUSY: ["acc", "On a call"],
  WRAP_UP: ["warn", "Wrap-up"],
};

function Desk() {
  const [desk, dispatch] = useReducer(reduceDesk, null, newDesk);
  const [refusal, setRefusal] = useState(null);
  const [now, setNow] = useState(Date.now());
  const plane = useRef(null);
  const leg = useRef(null);

  useEffect(() => {
    plane.current = new EventPlane("/v1/desk", tokenOfPage, {
      onHello: (hello) => dispatch({ type: "hello", hello }),
      onEvent: (envelope) => dispatch({ type: "event", envelope }),
      onState: (state, detail) => dispatch({ type: "plane", state, detail }),
    });
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => {
      clearInterval(timer);
      plane.current.close();
    };
  }, []);

  const command = (name, fields) => {
    setRefusal(null);
    return plane.current.send(name, fields).catch((why) => setRefusal(why));
  };
  const dropLeg = async () => {
    const ending = leg.current;
    leg.current = null;
    dispatch({ type: "media", state: "none" });
    await ending?.leave();
  };
  useEffect(() => {
    if (desk.call && desk.ended) dropLeg();
  }, [desk.ended]);

  const setState = (state) => {
    if (state === "READY") openMicrophone().then((mic) => mic.getTracks().forEach((track) => track.stop()), () => undefined);
    return command("set_state", { state });
  };
  const answer = async (accepted) => {
    const { callId, offer } = desk.call;
    await command("answer_offer", { call_id: callId, reservation_epoch: Number(offer.reservationEpoch), accepted });
    if (!accepted) return;
    try {
      const microphone = await openMicrophone();
      leg.current = new WebrtcLeg(microphone, (state) => dispatch({ type: "media", state }));
      const { legId } = await leg.current.join(`/v1/calls/${callId}/legs`, tokenOfPage());
      dispatch({ type: "joined", legId });
    } catch (why) {
      setRefusal({ reason: why.reason ?? "MICROPHONE", message: why.message ?? "The microphone could not be opened." });
      await dropLeg();
    }
  };

  const offered = desk.call?.phase === "agent_alerting" && desk.call.offer && !desk.legId;
  return html`<div class="app">
    <${TopBar} plane=${desk.plane} agentId=${desk.agentId} />
    <main class="desk plain-desk">
      <aside class="rail col" aria-label="My state"><${MyState} desk=${desk} setState=${setState} /></aside>
      <section class="centre col" aria-label="Current call">
        ${desk.plane === "refused" && html`<p class="banner bad" role="alert"><span><b>This desk may not sign in.</b> ${desk.detail}. Ask for a new address.</span></p>`}
        ${desk.plane === "reconnecting" && html`<p class="banner warn" role="status"><${Icon} name="wifiOff" /><span><b>Reconnecting.</b> The call itself goes on, you and the caller hear each other.</span></p>`}
        ${refusal && html`<p class="banner bad" role="alert"><${Icon} name="alert" /><span><b>That did not work.</b> ${refusal.message} (${refusal.reason})</span></p>`}
        ${!desk.call && html`<${NoCall} desk=${desk} />`}
        ${offered && html`<${Offer} call=${desk.call} now=${now} answer=${answer} />`}
        ${desk.call && !offered && html`<${CallView} desk=${desk} now=${now} command=${command} leg=${leg} hangUp=${dropLeg} />`}
      </section>
    </main>
  </div>`;
}

function TopBar({ plane, agentId }) {
  const words = { open: "Connected", connecting: "Connecting", reconnecting: "Reconnecting", refused: "Not signed in" };
  return html`<header class="topbar"><span class="brand">Cordboard</span>
    <nav class="nav" aria-label="Main"><a href="#" class="on" aria-current="page">Desk</a></nav><span class="push"></span>
    <span class="conn"><${Icon} name=${plane === "open" ? "wifi" : "wifiOff"} size="s" />${words[plane]}</span>
    <span class="row tight"><span class="ava s ours">${agentId.slice(0, 2).toUpperCase()}</span><span class="med">${agentId}</span></span>
  </header>`;
}

function MyState({ desk, setState }) {
  const [dot, word] = STATE_WORDS[desk.state] ?? ["", "Signing in"];
  const choice = (state, label) => html`<button role="radio" aria-checked=${desk.wanted === state} class=${desk.wanted === state ? "on" : ""} onClick=${() => setState(state)}>${label}</button>`;
  return html`<section class="state">
    <div class="row"><span class="dot ${dot}"></span><h2 class="grow" data-testid="agent-state">${word}</h2></div>
    <p class="small faint gap">Take calls</p>
    <div class="seg" role="radiogroup" aria-label="State">${choice("READY", "Ready")}${choice("NOT_READY", "Not ready")}</div>
    ${desk.reason && html`<p class="small faint gap">${desk.reason}</p>`}
  </section>`;
}

function NoCall({ desk }) {
  return html`<div class="empty pad"><b>No call</b>${desk.state === "READY" ? "You are ready. The next caller who needs you rings here." : "Choose Ready to take calls."}</div>`;
}

render(html`<${Desk} />`, document.body);
