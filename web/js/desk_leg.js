/** The agent's own leg: opened when a call is taken, dropped when it is over. */
import { useRef } from "../vendor/preact_htm.js";
import { tokenOfPage } from "./token.js";
import { WebrtcLeg, openMicrophone } from "./webrtc_leg.js";

/**
 * @param {(action: object) => void} dispatch
 * @returns {{join: (callId: string) => Promise<void>, drop: (tell?: boolean) => Promise<void>, mute: (muted: boolean) => void}}
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
  const join = async (callId) => {
    await drop();
    dispatch({ type: "media", state: "connecting" });
    try {
      const opened = new WebrtcLeg(await openMicrophone(), (state) => leg.current === opened && dispatch({ type: "media", state }));
      leg.current = opened;
      const { legId } = await opened.join(`/v1/calls/${callId}/legs`, tokenOfPage());
      dispatch({ type: "joined", legId });
    } catch (why) {
      await drop();
      throw why.reason ? why : { reason: "MICROPHONE", message: "The browser does not open the microphone." };
    }
  };

  const mute = (muted) => {
    leg.current?.mute(muted);
    dispatch({ type: "muted", muted });
  };

  return { join, drop, mute };
}
