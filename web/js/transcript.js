/** The live transcript: time, who, words. A log region that never jumps while the reader has scrolled up. */
import { html, useEffect, useRef, useState } from "../vendor/preact_htm.js";
import { duration } from "./call_model.js";
import { Icon } from "./icons.js";

const NAMES = { caller: "Caller", ai: "AI agent", human: "You" };
const LANES = { caller: ["c", ""], ai: ["", "a"], human: ["", "h"] };

/** @param {{title: string}} props */
export function TranscriptHead({ title }) {
  return html`<header class="talkh"><h2>${title}</h2><span class="key"><i></i>Caller</span><span class="key"><i class="a"></i>AI agent</span></header>`;
}

/** @param {{lines: Array<object>, startedAt: number, label?: string}} props */
export function Transcript({ lines, startedAt, label = "Live transcript" }) {
  const box = useRef(null);
  const [seen, setSeen] = useState(null);
  const unseen = seen === null ? 0 : lines.length - seen;
  const toEnd = () => {
    box.current.scrollTop = box.current.scrollHeight;
  };
  useEffect(() => {
    if (seen === null) toEnd();
  }, [lines]);
  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    const atEnd = scrollHeight - scrollTop - clientHeight < 24;
    setSeen(atEnd ? null : (seen ?? lines.length));
  };
  return html`<section class="talk grow" role="log" aria-label=${label} tabindex="0" ref=${box} onScroll=${scrolled}>
    <div class="tx">${lines.map((line) => html`<${Line} key=${line.id} line=${line} startedAt=${startedAt} />`)}</div>
    ${lines.length === 0 && html`<p class="faint">Nothing was said yet.</p>`}
    ${unseen > 0 && html`<button class="btn sm newlines" onClick=${toEnd}>${unseen} new ${unseen === 1 ? "line" : "lines"}</button>`}
  </section>`;
}

function Line({ line, startedAt }) {
  const time = duration(line.at - startedAt);
  if (line.who === "system") {
    return html`<div class="sys"><span class="mono">${time}</span><span class="faint"><${Icon} name="swap" size="s" /></span><span class="sb">${line.text}</span></div>`;
  }
  const [caller, ours] = LANES[line.who];
  return html`<div class="tm">${time}</div>
    <div class="ln"><i class=${caller}></i><i class=${ours}></i></div>
    <div class="sp ${line.who === "caller" ? "" : "us"}">${NAMES[line.who]}</div>
    <div class="w">
      ${line.text}${line.unheard ? html` <s class="unheard" title="The caller did not hear this">${line.unheard}</s>` : ""}
      ${line.speaking ? html`<span class="live-caret"></span>` : ""}
    </div>`;
}
