// What runs in the page of a browser that is a telephone: one call, a tone into it, and what is heard.
// biome-ignore-all lint/correctness/noUnusedVariables: the page's functions are called from outside.
const RATE = 16_000;
const BLOCK = 1024;

const audio = new AudioContext({ sampleRate: RATE });
const heard = [];
let pc;

function begin(hz, codec, bundlePolicy) {
  pc = new RTCPeerConnection({ bundlePolicy });
  const tone = new OscillatorNode(audio, { frequency: hz });
  const level = new GainNode(audio, { gain: 0.5 });
  const out = new MediaStreamAudioDestinationNode(audio, { channelCount: 1 });
  tone.connect(level).connect(out);
  tone.start();
  pc.addTrack(out.stream.getAudioTracks()[0], out.stream);
  prefer(codec);
  pc.ontrack = ({ track }) => listen(new MediaStream([track]));
}

/** One codec and nothing else, so that the other end can play it. */
function prefer(mimeType) {
  const { codecs } = RTCRtpSender.getCapabilities("audio");
  const wanted = codecs.filter((codec) => codec.mimeType.toLowerCase() === mimeType);
  pc.getTransceivers()[0].setCodecPreferences(wanted);
}

function listen(stream) {
  // Chromium fetches what comes only for an element that plays it.
  const player = new Audio();
  player.srcObject = stream;
  player.muted = true;
  player.play();
  const recorder = audio.createScriptProcessor(BLOCK, 1, 1);
  recorder.onaudioprocess = ({ inputBuffer }) => {
    for (const sample of inputBuffer.getChannelData(0)) {
      heard.push(Math.max(-1, Math.min(1, sample)) * 32_767);
    }
  };
  audio.createMediaStreamSource(stream).connect(recorder).connect(audio.destination);
}

async function described(description) {
  await pc.setLocalDescription(description);
  if (pc.iceGatheringState !== "complete") {
    await new Promise((resolve) => {
      pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && resolve();
    });
  }
  return pc.localDescription.sdp;
}

const offer = async () => described(await pc.createOffer());
const take = (type, sdp) => pc.setRemoteDescription({ type, sdp });

async function answer(sdp) {
  await take("offer", sdp);
  return described(await pc.createAnswer());
}

/** What was heard since the last time, as 16-bit samples in Base64. */
function fetchHeard() {
  const samples = new Int16Array(heard.splice(0));
  let text = "";
  for (const byte of new Uint8Array(samples.buffer)) text += String.fromCharCode(byte);
  return btoa(text);
}
