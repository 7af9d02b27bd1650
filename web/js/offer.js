/** A call that rings: focus goes to Answer, Enter answers, Esc declines. */
import { html, useEffect, useRef } from "../vendor/preact_htm.js";
import { wordsOf } from "./call_model.js";
import { Icon } from "./icons.js";

const RING_MS = 20000;

/** @param {{call: object, now: number, answer: (accepted: boolean) => void}} props */
export function Offer({ call, now, answer }) {
  const button = useRef(null);
  useEffect(() => {
    if (!["INPUT", "TEXTAREA"].includes(document.activeElement?.tagName)) button.current?.focus();
    const key = (event) => event.key === "Escape" && answer(false);
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  const left = Math.max(0, Math.ceil((RING_MS - (now - call.offer.at)) / 1000));
  const { name, reason, urgency } = call.slots;
  const urgent = String(urgency ?? "").replace("URGENCY_", "").toLowerCase();
  return html`<div class="offer" role="alertdialog" aria-labelledby="offer-title">
    <div class="row"><span class="acc"><${Icon} name="phoneIncoming" size="l" /></span><h2 id="offer-title">Incoming call, ${wordsOf(call.queue)}</h2><span class="push dim">Rings for ${left} s more</span></div>
    <div class="meter acc gap"><i style=${`width:${(left * 1000 * 100) / RING_MS}%`}></i></div>
    <div class="row"><span class="bigname">${name || "Caller"}</span>${urgent && urgent !== "routine" && urgent !== "unspecified" && html`<span class="tag warn">${urgent}</span>`}</div>
    <p class="offer-why">${reason || call.handOver?.summary || wordsOf(call.escalation)}</p>
    <div class="row gap">
      <button class="btn primary lg" ref=${button} onClick=${() => answer(true)}><${Icon} name="phone" />Answer <kbd>Enter</kbd></button>
      <button class="btn lg" onClick=${() => answer(false)}>Decline <kbd>Esc</kbd></button>
    </div>
  </div>`;
}
