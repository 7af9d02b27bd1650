/** A call that rings: focus goes to Answer, Enter answers, Esc declines. */
import { html, useLayoutEffect, useRef, useState } from "../vendor/preact_htm.js";
import { initialsOf, phoneOf, sentence, urgencyOf, wordsOf } from "./call_model.js";
import { Icon } from "./icons.js";
import { ring } from "./ring.js";
import { Transcript, TranscriptHead } from "./transcript.js";

const RING_MS = 20000;

const typing = () => ["INPUT", "TEXTAREA"].includes(document.activeElement?.tagName);

/** @param {{call: object, now: number, answer: (accepted: boolean) => Promise<boolean>}} props */
export function Offer({ call, now, answer }) {
  const button = useRef(null);
  const [working, setWorking] = useState("");
  const say = async (accepted) => {
    if (working) return;
    setWorking(accepted ? "answer" : "decline");
    await answer(accepted);
    setWorking("");
  };
  // Together with the offer itself: whoever sees it can press Enter, in a tab behind others too.
  useLayoutEffect(() => {
    if (!typing()) button.current?.focus();
    return ring();
  }, []);
  useLayoutEffect(() => {
    const keys = (event) => {
      if (typing()) return;
      if (event.key === "Escape") say(false);
      // A focused button takes Enter by itself.
      if (event.key === "Enter" && document.activeElement === document.body) say(true);
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  });
  return html`<div class="offer" role="alertdialog" aria-labelledby="offer-title" aria-describedby="offer-why">
      <${Head} call=${call} left=${Math.max(0, RING_MS - (now - call.offer.at))} />
      <div class="row wide top">
        <span class="ava l" aria-hidden="true">${initialsOf(call.slots.name) || html`<${Icon} name="user" size="l" />`}</span>
        <div class="grow">
          <div class="row"><span class="bigname">${call.slots.name || "Caller"}</span><${Urgency} call=${call} /></div>
          <p class="dim">${[phoneOf(call.slots.callbackNumber), sentence(wordsOf(call.queue))].filter(Boolean).join(" · ")}</p>
          <p class="offer-why" id="offer-why">${call.slots.reason || call.handOver?.summary || sentence(wordsOf(call.escalation))}</p>
        </div>
      </div>
      <div class="row answer">
        <button class="btn primary lg" ref=${button} disabled=${working === "decline"} onClick=${() => say(true)}><${Icon} name="phone" />${working === "answer" ? "Answering" : "Answer"} <kbd>Enter</kbd></button>
        <button class="btn lg" disabled=${working === "answer"} onClick=${() => say(false)}>Decline <kbd>Esc</kbd></button>
        <span class="small faint">Declining sends the call to the next agent.</span>
      </div>
    </div>
    <${WhileYouDecide} call=${call} />
    <${TranscriptHead} title="Last words with the AI agent" />
    <${Transcript} lines=${call.lines} startedAt=${call.startedAt} label="Last words with the AI agent" />`;
}

function Head({ call, left }) {
  const seconds = Math.ceil(left / 1000);
  return html`<div class="row"><span class="acc"><${Icon} name="phoneIncoming" size="l" /></span><h1 id="offer-title">Incoming call, ${wordsOf(call.queue) || "queue"}</h1><span class="push dim">Goes to the next agent in <b class="med ink">${seconds} s</b></span></div>
    <div class="meter acc"><i style=${`width:${(left * 100) / RING_MS}%`}></i></div>`;
}

/** How urgent the matter is, unless it can wait. */
export function Urgency({ call }) {
  const urgency = urgencyOf(call);
  if (!urgency || urgency === "Can wait") return null;
  return html`<span class="tag ${urgency === "Now" ? "bad" : "warn"}"><${Icon} name="clock" />${urgency}</span>`;
}

function WhileYouDecide({ call }) {
  const consent = {
    given: ["check", "The caller agreed to being recorded."],
    refused: ["shield", "The caller does not want to be recorded. Nothing is recorded."],
  }[call.consent] ?? ["shield", "The caller has not been asked about recording."];
  const known = [
    ["Name", call.slots.name],
    ["Callback", phoneOf(call.slots.callbackNumber)],
    ["Reason", call.slots.reason],
    ["Urgency", urgencyOf(call)],
    ["Why you", sentence(wordsOf(call.escalation))],
  ];
  return html`<div class="beforegrid">
    <section><h2>While you decide</h2><ul class="facts">
      <li><${Icon} name="clock" /><span>The caller waits on the line.</span></li>
      <li><${Icon} name=${consent[0]} /><span>${consent[1]}</span></li>
      <li><${Icon} name="mic" /><span>Your microphone opens when you answer.</span></li>
    </ul></section>
    <section><h2>Known so far</h2><dl class="kv">${known.map(
      ([label, value]) => html`<dt>${label}</dt><dd class=${value ? "" : "faint"}>${value || "not known"}</dd>`,
    )}</dl></section>
  </div>`;
}
