/** The sound of a call that is offered: two soft tones, every three seconds, until the returned function is called. */
const TONES_HZ = [660, 880];
const EVERY_MS = 3000;

export function ring() {
  const audio = new AudioContext();
  const play = () => TONES_HZ.forEach((hertz, place) => tone(audio, hertz, audio.currentTime + place * 0.18));
  play();
  const timer = setInterval(play, EVERY_MS);
  return () => {
    clearInterval(timer);
    audio.close();
  };
}

function tone(audio, hertz, at) {
  const source = new OscillatorNode(audio, { frequency: hertz });
  const volume = new GainNode(audio, { gain: 0 });
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
  volume.gain.linearRampToValueAtTime(0, at + 0.3);
  source.connect(volume).connect(audio.destination);
  source.start(at);
  source.stop(at + 0.35);
}
