/** The agent's own leg: opened when a call is taken, dropped when it is over. */
import { useRef } from "../vendor/preact_htm.js";
import { CallLeg } from "./call_leg.js";
import { tokenOfPage } from "./token.js";

/**
 * @param {(action: object) => void} dispatch
 * @returns {{join: (callId: string, replaces?: string) => Promise<void>, drop: (tell?: boolean) => Promise<void>,
 *            mute: (muted: boolean) => void}}
 */
export function useDeskLeg(dispatch) {
  const leg = useRef(null);

  const drop = async (tell = true) => {
    const ending = leg.current;
    leg.current = null;
    dispatch({ type: "media", state: "none" });
    await ending?.leave(tell);
  };

  /** Rejected with {reason, message}. */
  const join = async (callId, replaces = "") => {
    const opened = new CallLeg(tokenOfPage, (state) => leg.current === opened && dispatch({ type: "media", state }));
    leg.current?.leave(false);
    leg.current = opened;
    try {
      await opened.start(`/v1/calls/${callId}/legs`, replaces);
    } catch (why) {
      if (leg.current === opened) await drop(false);
      throw why.reason ? why : { reason: "MEDIA", message: "The connection could not be made." };
    }
  };

  const mute = (muted) => {
    leg.current?.mute(muted);
    dispatch({ type: "muted", muted });
  };

  return { join, drop, mute };
}
