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
  send(out.stream, codec);
  pc.ontrack = ({ track }) => {
    const stream = new MediaStream([track]);
    play(stream, track.kind);
    if (track.kind === "audio") listen(stream);
  };
}

/** A picture that changes. */
function beginPicture() {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [176, 144];
  const picture = canvas.getContext("2d");
  let drawn = 0;
  setInterval(() => {
    picture.fillStyle = `hsl(${(drawn++ * 7) % 360} 100% 50%)`;
    picture.fillRect(0, 0, 176, 144);
  }, 100);
  send(canvas.captureStream(10), "video/vp8");
}

/** By one codec and nothing else, so that the other end can play it. */
function send(stream, mimeType) {
  const [track] = stream.getTracks();
  const sender = pc.addTrack(track, stream);
  const { codecs } = RTCRtpSender.getCapabilities(track.kind);
  const wanted = codecs.filter((codec) => codec.mimeType.toLowerCase() === mimeType);
  pc.getTransceivers()
    .find((one) => one.sender === sender)
    .setCodecPreferences(wanted);
}

/** Chromium decodes what comes only for an element that plays it. */
function play(stream, kind) {
  const player = document.createElement(kind);
  player.srcObject = stream;
  player.muted = true;
  player.play();
}

function listen(stream) {
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

/** How many pictures have been decoded. */
async function seen() {
  let pictures = 0;
  for (const report of (await pc.getStats()).values()) pictures += report.framesDecoded ?? 0;
  return pictures;
}

/** What was heard since the last time, as 16-bit samples in Base64. */
function fetchHeard() {
  const samples = new Int16Array(heard.splice(0));
  let text = "";
  for (const byte of new Uint8Array(samples.buffer)) text += String.fromCharCode(byte);
  return btoa(text);
}
