/** The agent desk: be ready, answer, hold, hang up; with the hand-over and the transcript in view. */
import { html, render, useEffect, useLayoutEffect, useReducer, useRef, useState } from "../vendor/preact_htm.js";
import { CallView } from "./desk_call.js";
import { Banners, MyState, TopBar } from "./desk_frame.js";
import { useDeskLeg } from "./desk_leg.js";
import { newDesk, reduceDesk } from "./desk_model.js";
import { EventPlane } from "./event_plane.js";
import { Icon } from "./icons.js";
import { Offer } from "./offer.js";
import { tokenOfPage } from "./token.js";
import { openMicrophone } from "./webrtc_leg.js";

const WORDS = { set_state: "Changing your state", answer_offer: "Answering", hold: "Hold", retrieve: "Retrieve", hang_up: "End", transfer: "Transfer", complete_transfer: "Complete", join_transfer: "Conference", cancel_transfer: "Take back", hand_back: "Back to the AI agent" };

function Desk() {
  const [desk, dispatch] = useReducer(reduceDesk, null, newDesk);
  const [refusal, setRefusal] = useState(null);
  const [now, setNow] = useState(Date.now());
  const plane = useRef(null);
  const cameBack = useRef("");
  const leg = useDeskLeg(dispatch);
  const { call } = desk;

  useEffect(() => {
    plane.current = new EventPlane("/v1/desk", tokenOfPage, {
      onHello: (hello) => dispatch({ type: "hello", hello, now: Date.now() }),
      onEvent: (envelope, history) => dispatch({ type: "event", envelope, history, now: Date.now() }),
      onState: (state, detail) => dispatch({ type: "plane", state, detail }),
    });
    const timer = setInterval(() => setNow(Date.now()), 1000);
    // A new address in the same window brings a new token; one of another agent's makes it another desk.
    const renew = () => plane.current.renew().catch((why) => why.reason === "TOKEN_DIFFERS" && location.reload());
    addEventListener("hashchange", renew);
    return () => {
      clearInterval(timer);
      removeEventListener("hashchange", renew);
      plane.current.close();
    };
  }, []);
  // Whatever ended the agent's part, the leg ends with it; in the same turn, for after the next painting it might end
  // the leg that the agent has opened meanwhile for the call that just came.
  const callId = call && !desk.ended ? call.callId : "";
  useLayoutEffect(() => () => void leg.drop(), [callId]);
  useEffect(() => {
    document.title = `${titleOf(call)} · Cordboard`;
  }, [call?.phase, call?.callId]);

  const attempt = async (what, doing) => {
    setRefusal(null);
    try {
      await doing();
      return true;
    } catch (why) {
      setRefusal({ what, callId: call?.callId, ...why });
      return false;
    }
  };
  const command = (name, fields) => attempt(WORDS[name], () => plane.current.send(name, fields));
  const join = () => attempt("Joining the call", () => leg.join(call.callId, call.agentLeg));
  const setState = (state, reason = "") => {
    // The browser asks for the microphone now, not while a caller waits.
    if (state === "READY") openMicrophone().then((mic) => mic.getTracks().forEach((track) => track.stop()), () => undefined);
    return command("set_state", { state, reason });
  };
  const answer = async (accepted) => {
    const epoch = Number(call.offer.reservationEpoch);
    const answered = await command("answer_offer", { call_id: call.callId, reservation_epoch: epoch, accepted });
    if (answered && accepted) await join();
    return answered;
  };

  const offered = call?.offer && call.phase === "agent_alerting" && !call.accepted && desk.media === "none";
  const lineLost = Boolean(call) && !desk.ended && !offered && ["none", "failed"].includes(desk.media);
  const cutOff = lineLost && !desk.ending && call.phase === "agent_connected";
  useEffect(() => {
    // A page that was loaded again comes back by itself, before the call goes to somebody else.
    if (!cutOff || desk.media !== "none" || cameBack.current === callId) return;
    cameBack.current = callId;
    join();
  }, [cutOff]);
  return html`<div class="app">
    <${TopBar} desk=${desk} />
    <main class="desk plain-desk">
      <aside class="rail col" aria-label="My state"><${MyState} desk=${desk} now=${now} setState=${setState} /></aside>
      <section class="centre col" aria-label="Call">
        <${Banners} desk=${desk} refusal=${refusal?.callId === call?.callId ? refusal : null} rejoin=${cutOff ? join : null} />
        ${!call && html`<${NoCall} desk=${desk} />`}
        ${offered && html`<${Offer} key=${call.callId} call=${call} now=${now} answer=${answer} />`}
        ${call && !offered && html`<${CallView} key=${call.callId} desk=${desk} now=${now} command=${command} leg=${leg} ending=${() => dispatch({ type: "ending" })} next=${() => setState("READY")} />`}
      </section>
    </main>
  </div>`;
}

function titleOf(call) {
  if (call?.phase === "agent_alerting") return "Incoming call";
  if (call?.phase === "agent_connected") return "On a call";
  return "Agent desk";
}

function NoCall({ desk }) {
  const ready = desk.state === "READY";
  return html`<div class="nocall">
    <span class="ava l ${ready ? "ours" : ""}"><${Icon} name="headset" size="l" /></span>
    <h1>${ready ? "Waiting for a call" : "No call"}</h1>
    <p class="dim">${ready ? "The next caller who needs you rings here." : "Choose Ready to take calls."}</p>
    ${desk.missed && html`<p class="small faint">${desk.missed === "NO_ANSWER" ? "The last call rang out and went back to its queue." : "The last call went back to its queue."}</p>`}
  </div>`;
}

render(html`<${Desk} />`, document.body);
