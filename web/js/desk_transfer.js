/** Handing the caller on: to a queue or an agent, with or without a word first, and back to the AI agent. */
import { html, useState } from "../vendor/preact_htm.js";

/** @param {{desk: object, command: Function}} props */
export function TransferBar({ desk, command }) {
  const { call } = desk;
  const [to, setTo] = useState("");
  const [busy, setBusy] = useState(false);
  const send = async (name, fields = {}) => {
    setBusy(true);
    await command(name, { call_id: call.callId, ...fields });
    setBusy(false);
  };
  const button = (label, onClick, disabled = false) =>
    html`<button type="button" class="btn sm" disabled=${busy || disabled} onClick=${onClick}>${label}</button>`;
  const step = (label, name) => button(label, () => send(name));
  if (call.transfer) {
    const together = call.transfer.stage !== "ringing";
    return html`<div class="strip" role="group" aria-label="Transfer"><span class="faint">Transfer</span>
      ${together && step("Complete", "complete_transfer")}
      ${call.transfer.stage === "consulting" && step("Conference", "join_transfer")}
      ${step("Take back", "cancel_transfer")}</div>`;
  }
  const target = to.trim().startsWith("@") ? { agent_id: to.trim().slice(1) } : { queue: to.trim() };
  const transfer = (consult) => send("transfer", { ...target, consult }).then(() => setTo(""));
  const nowhere = !to.trim().replace("@", "");
  return html`<form class="strip" role="group" aria-label="Transfer" onSubmit=${(event) => event.preventDefault()}>
    <label class="row tight"><span class="faint">Transfer to</span>
      <input class="field" placeholder="queue or @agent" value=${to} onInput=${(event) => setTo(event.target.value)} /></label>
    ${button("Transfer", () => transfer(false), nowhere)} ${button("Consult first", () => transfer(true), nowhere)}
    ${button("Back to the AI agent", () => send("hand_back"))}</form>`;
}
