/** The live transcript: time, who, words. A log region that never jumps while the reader has scrolled up. */
import { html, useEffect, useRef } from "../vendor/preact_htm.js";
import { duration } from "./call_model.js";

const NAMES = { caller: "Caller", ai: "AI agent", human: "You" };
const LANES = { caller: ["c", ""], ai: ["", "a"], human: ["", "h"] };

/** @param {{lines: Array<object>, startedAt: number}} props */
export function Transcript({ lines, startedAt }) {
  const box = useRef(null);
  const atEnd = useRef(true);
  useEffect(() => {
    if (atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
  };
  return html`<section class="talk grow" role="log" aria-label="Live transcript" ref=${box} onScroll=${scrolled}>
    <div class="tx">${lines.map((line) => html`<${Line} key=${line.id} line=${line} startedAt=${startedAt} />`)}</div>
  </section>`;
}

function Line({ line, startedAt }) {
  const time = duration(line.at - startedAt);
  if (line.who === "system") {
    return html`<div class="sys"><span class="mono">${time}</span><span></span><span class="sb">${line.text}</span></div>`;
  }
  const [caller, ours] = LANES[line.who];
  return html`<div class="tm">${time}</div>
    <div class="ln"><i class=${caller}></i><i class=${ours}></i></div>
    <div class="sp ${line.who === "caller" ? "" : "us"}">${NAMES[line.who]}</div>
    <div class="w">
      ${line.text}${line.unheard ? html` <span class="unheard" title="The caller did not hear this">${line.unheard}</span>` : ""}
      ${line.speaking ? html`<span class="live-caret"></span>` : ""}
    </div>`;
}
