/** The call page: press, speak with the AI agent, be handed to a person. */
import { html, render, useEffect, useRef, useState } from "../vendor/preact_htm.js";
import { CallLeg } from "./call_leg.js";
import { OVER, duration, fold, liveLeg, newCall } from "./call_model.js";
import { EventPlane } from "./event_plane.js";
import { Icon } from "./icons.js";
import { callerToken, tokenOfPage } from "./token.js";

const TROUBLE = {
  MICROPHONE: ["Your browser blocks the microphone", "Allow it in the address bar, then try again."],
  NO_NODE: ["All our lines are busy", "Nobody was called. Try again in a minute."],
  TOKEN_MISSING: ["This page has no key", "Open it with the address that the clinic gave you."],
  TOKEN_EXPIRED: ["This page was open for too long", "Reload it, then call again."],
  MEDIA: ["The connection was lost", "Nobody hears you now. Call again, and we will know where you were."],
};

function CallPage() {
  const [stage, setStage] = useState("idle");
  const [trouble, setTrouble] = useState(null);
  const [call, setCall] = useState(null);
  const [muted, setMuted] = useState(false);
  const [plane, setPlane] = useState("connecting");
  const [media, setMedia] = useState("connecting");
  const leg = useRef(null);
  const events = useRef(null);

  const finish = async (next) => {
    events.current?.close();
    const ending = leg.current;
    leg.current = null;
    setStage(next);
    await ending?.leave();
  };
  const fail = (reason, message) => {
    setTrouble(TROUBLE[reason] ?? ["The call did not work", `${message} (${reason})`]);
    finish("idle");
  };

  const begin = async () => {
    setTrouble(null);
    setStage("connecting");
    setMuted(false);
    try {
      const token = await callerToken(tokenOfPage());
      const opened = new CallLeg(() => token, (state) => {
        if (leg.current !== opened) return;
        setMedia(state);
        if (state === "connected") setStage("talking");
        if (state === "failed") fail("MEDIA", "");
      });
      leg.current = opened;
      const { callId } = await opened.start(newCallPath());
      let model = newCall(callId);
      setCall(model);
      events.current = new EventPlane(`/v1/calls/${callId}/events`, () => token, {
        onState: setPlane,
        onEvent: (envelope) => {
          model = fold(model, envelope);
          setCall(model);
          if (OVER.has(model.phase)) finish("over");
        },
      });
    } catch (refusal) {
      fail(refusal.reason ?? "ERROR", refusal.message ?? "");
    }
  };

  const mute = () => {
    leg.current?.mute(!muted);
    setMuted(!muted);
  };

  return html`<main class="wg page" aria-label="Call">
    ${stage === "idle" && html`<${Start} trouble=${trouble} begin=${begin} />`}
    ${stage === "connecting" && html`<${Connecting} cancel=${() => finish("idle")} />`}
    ${stage === "talking" && html`<${Talking} call=${call} plane=${plane} media=${media} muted=${muted} mute=${mute} end=${() => finish("over")} />`}
    ${stage === "over" && html`<${Over} call=${call} again=${() => setStage("idle")} />`}
  </main>`;
}

function Start({ trouble, begin }) {
  return html`<header><span class="grow"><b>Northgate Family Health</b><small><span class="dot ok"></span>Front desk, open</small></span></header>
    <div class="wb">
      <h1 class="title">Call the front desk</h1>
      <p class="dim">From this page, with your microphone. It is free.</p>
      ${trouble && html`<div class="banner bad" role="alert"><${Icon} name="alert" /><span><b>${trouble[0]}</b> ${trouble[1]}</span></div>`}
      <ul class="plain">
        <li><${Icon} name="bot" /><span>An AI agent answers first. Say “person” at any time.</span></li>
        <li><${Icon} name="shield" /><span>We ask before we record. You can say no and still be helped.</span></li>
      </ul>
    </div>
    <footer class="act"><button class="btn lg primary block" onClick=${begin}><${Icon} name="phone" />Call now</button></footer>
    <p class="em"><${Icon} name="alert" /><span>Emergency? Call <b>911</b>, not us.</span></p>`;
}

function Connecting({ cancel }) {
  return html`<header><span class="grow"><h1>Calling</h1><small>Allow the microphone when the browser asks</small></span></header>
    <div class="wb" role="status"><p class="dim">We connect you. This takes less than a second.</p></div>
    <footer class="act"><button class="btn lg block" onClick=${cancel}>Cancel</button></footer>`;
}

function Talking({ call, plane, media, muted, mute, end }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const [name, doing, icon] = partner(call);
  return html`<header>
      <span class="grow"><h1>On a call</h1><small>${recording(call)}</small></span>
      <output class="med clock" aria-label="Time on the call">${call?.startedAt ? duration(now - call.startedAt) : "00:00"}</output>
    </header>
    <div class="speaker"><span class="ava l ours"><${Icon} name=${icon} size="l" /></span><span class="grow" role="status"><b>${name}</b><small>${doing}</small></span>${doing === "is speaking" && html`<span class="eq" aria-hidden="true"><i style="height:6px"></i><i style="height:14px"></i><i style="height:20px"></i><i style="height:10px"></i><i style="height:16px"></i></span>`}</div>
    ${media === "rejoining" && html`<div class="banner warn" role="status"><${Icon} name="wifiOff" /><span><b>Getting you back.</b> Stay here, your call is kept.</span></div>`}
    ${plane === "reconnecting" && html`<div class="banner warn" role="status"><${Icon} name="wifiOff" /><span><b>Captions are late.</b> Your call goes on, we can hear you.</span></div>`}
    <${Captions} lines=${call?.lines ?? []} />
    <footer class="act">
      <div class="wctl two-up">
        <button class="btn lg ${muted ? "on" : ""}" aria-pressed=${muted} onClick=${mute}><${Icon} name=${muted ? "micOff" : "mic"} />${muted ? "Muted" : "Mute"}</button>
        <button class="btn lg danger" onClick=${end}><${Icon} name="phoneOff" />End</button>
      </div>
    </footer>`;
}

function Captions({ lines }) {
  const box = useRef(null);
  useEffect(() => {
    box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  const names = { caller: "You", ai: "AI agent" };
  return html`<div class="wb caps scroll" role="log" aria-label="Captions" tabindex="0" ref=${box}>
    ${lines.length === 0 && html`<p class="faint">What is said appears here.</p>`}
    ${lines.filter((line) => line.who !== "system").map(
      (line) => html`<p key=${line.id} class=${line.speaking ? "now" : ""}><small>${names[line.who]}</small>${line.text}${line.unheard && html` <s class="unheard">${line.unheard}</s>`}${line.speaking && html`<span class="live-caret"></span>`}</p>`,
    )}
  </div>`;
}

function Over({ call, again }) {
  const failed = call?.phase === "failed";
  const button = useRef(null);
  useEffect(() => button.current?.focus(), []);
  return html`<header><span class="grow"><h1>Call ended</h1><small role="status">${failed ? "Something went wrong on our side" : "Thank you for calling"}</small></span></header>
    <${Captions} lines=${call?.lines ?? []} />
    <footer class="act"><button class="btn lg primary block" ref=${button} onClick=${again}>Call again</button></footer>`;
}

/** Where a new call is posted; `?workflow=` in the page's address names the registered workflow that runs it. */
function newCallPath() {
  const workflow = new URLSearchParams(location.search).get("workflow");
  return workflow ? `/v1/legs?workflow=${encodeURIComponent(workflow)}` : "/v1/legs";
}

function partner(call) {
  if (call?.phase === "agent_connected") {
    const held = liveLeg(call, "caller") && call.held.size > 0;
    return ["A person at the front desk", held ? "put you on hold; nobody hears you" : "hears you", "user"];
  }
  if (call?.phase === "agent_alerting" && call.accepted) return ["A person is joining", "One moment", "user"];
  if (call?.phase === "queued" || call?.phase === "agent_alerting") return ["Finding a person for you", "Stay on the line", "clock"];
  const speaking = call?.lines.some((line) => line.speaking);
  return ["AI agent", speaking ? "is speaking" : "is listening", "bot"];
}

function recording(call) {
  if (call?.recording === "on") return html`<span class="dot rec"></span>Recording, you agreed`;
  if (call?.recording === "paused") return "Recording is paused";
  if (call?.consent === "refused") return "Not recorded, as you wished";
  return "Not recorded";
}

render(html`<${CallPage} />`, document.body);
