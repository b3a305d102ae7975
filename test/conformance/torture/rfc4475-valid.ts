import { accepted, bytes, sdp, type TortureCase, wire } from "./torture-case.ts";

const SIGNED_PART = Buffer.from(
  "MIIBUgYJKoZIhvcNAQcCoIIBQzCCAT8CAQExCTAHBgUrDgMCGjALBgkqhkiG9w0BBwExggEgMIIB" +
    "HAIBATB8MHAxCzAJBgNVBAYTAlVTMRMwEQYDVQQIEwpDYWxpZm9ybmlhMREwDwYDVQQHEwhTYW4g" +
    "Sm9zZTEOMAwGA1UEChMFc2lwaXQxKTAnBgNVBAsTIFNpcGl0IFRlc3QgQ2VydGlmaWNhdGUgQXV0" +
    "aG9yaXR5AggBlQBxAjMBEzAHBgUrDgMCGjANBgkqhkiG9w0BAQEFAASBgI70ZvlI8FIt0uWXjp2V" +
    "quny/hWgZllxYpLo2iqo2DUKaM7/rjy9K/8Wdd3VZI5ZPdZHKPJiIPfpQXSeMw2aFe2r25PRDEIQ" +
    "LntyidKcwMmuLvvHwM/5Fy87An5PwCfhVG3ktqo6uz5mzMtd1sZLg4MUnLjm/xgtlE/le2W8mdAF",
  "base64",
).toString("latin1");

const LONG_BRANCH = `very${"long".repeat(51)}branchvalue`;
const LONG_CALLER = "amazinglylongcallername".repeat(5);

/** RFC 4475 §3.1.1: odd, and to be accepted by everybody. */
export const RFC4475_VALID: readonly TortureCase[] = [
  {
    name: "wsinv",
    section: "3.1.1.1",
    wire: wire`
INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : "J Rosenberg \\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 150
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \"\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

${sdp("192.0.2.3", "192.0.2.4")}`,
    expected: accepted({
      method: "INVITE",
      uri: "sip:vivekg@chair-dnrc.example.com;unknownparam",
      target: { user: "vivekg", host: "chair-dnrc.example.com" },
      toUri: "sip:vivekg@chair-dnrc.example.com",
      toTag: "1918181833n",
      fromDisplay: 'J Rosenberg \\"',
      fromTag: "98asjd8",
      callId: "wsinv.ndaksdj@192.0.2.1",
      cseq: 9,
      vias: [
        "UDP 192.0.2.2 390skdjuw",
        "TCP spindle.example.com z9hG4bK9ikj8",
        "UDP 192.168.255.111 z9hG4bK30239",
      ],
      contacts: ["sip:jdrosen@example.com"],
      bodyBytes: 150,
      headers: {
        "max-forwards": "0068",
        subject: "",
        newfangledheader: "newfangled value continued newfangled value",
        unknownheaderwithunusualvalue: ";;,,;;,;",
        route: "<sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
      },
    }),
  },
  {
    name: "intmeth",
    section: "3.1.1.2",
    wire: wire`
!interesting-Method0123456789_*+${"`"}.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0
Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+${"`"}'~
To: "BEL:${bytes("5c07")} NUL:${bytes("5c00")} DEL:${bytes("5c7f")}" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>
From: token1~${"`"} token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%="работающий";tag=_token~1'+${"`"}*%!-.
Call-ID: intmeth.word%ZK-!.*_+'@word${"`"}~)(><:\/"][?}{
CSeq: 139122385 !interesting-Method0123456789_*+${"`"}.%indeed'~
Max-Forwards: 255
extensionHeader-!.%*+_${"`"}'~:${bytes("efbbbfe5a4a7e5819ce99bbb")}
Content-Length: 0

`,
    expected: accepted({
      method: "!interesting-Method0123456789_*+`.%indeed'~",
      target: {
        user: "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
        host: "example.com",
      },
      toDisplay: "BEL:\x07 NUL: DEL:\x7f",
      fromDisplay: "token1~` token2'+_ token3*%!.-",
      fromTag: "_token~1'+`*%!-.",
      callId: "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
      cseq: 139122385,
      vias: ["TCP host1.example.com z9hG4bK-.!%66*_+`'~"],
      headers: { "extensionheader-!.%*+_`'~": bytes("efbbbfe5a4a7e5819ce99bbb") },
    }),
    because: "The escaped NUL of the display name is taken out: no NUL goes from side to side.",
  },
  {
    name: "esc01",
    section: "3.1.1.3",
    wire: wire`
INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0
To: sip:%75se%72@example.com
From: <sip:I%20have%20spaces@example.net>;tag=938
Max-Forwards: 87
i: esc01.239409asdfakjkn23onasd0-3234
CSeq: 234234 INVITE
Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw
C: application/sdp
Contact:
  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>
Content-Length: 150

${sdp("192.0.2.1")}`,
    expected: accepted({
      target: { user: "sips%3Auser%40example.com", host: "example.net" },
      toUri: "sip:%75se%72@example.com",
      fromUri: "sip:I%20have%20spaces@example.net",
      callId: "esc01.239409asdfakjkn23onasd0-3234",
      contacts: ["sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31"],
      headers: { "content-type": "application/sdp" },
    }),
  },
  {
    name: "escnull",
    section: "3.1.1.4",
    wire: wire`
REGISTER sip:example.com SIP/2.0
To: sip:null-%00-null@example.com
From: sip:null-%00-null@example.com;tag=839923423
Max-Forwards: 70
Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd
CSeq: 14398234 REGISTER
Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw
Contact: <sip:%00@host5.example.com>
Contact: <sip:%00%00@host5.example.com>
L:0

`,
    expected: accepted({
      toUri: "sip:null-%00-null@example.com",
      contacts: ["sip:%00@host5.example.com", "sip:%00%00@host5.example.com"],
    }),
  },
  {
    name: "esc02",
    section: "3.1.1.5",
    wire: wire`
RE%47IST%45R sip:registrar.example.com SIP/2.0
To: "%Z%45" <sip:resource@example.com>
From: "%Z%45" <sip:resource@example.com>;tag=f232jadfj23
Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf
Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234
CSeq: 29344 RE%47IST%45R
Max-Forwards: 70
Contact: <sip:alias1@host1.example.com>
C%6Fntact: <sip:alias2@host2.example.com>
Contact: <sip:alias3@host3.example.com>
l: 0

`,
    expected: accepted({
      method: "RE%47IST%45R",
      toDisplay: "%Z%45",
      vias: ["TCP host.example.com z9hG4bK209%fzsnel234"],
      contacts: ["sip:alias1@host1.example.com", "sip:alias3@host3.example.com"],
      headers: { "c%6fntact": "<sip:alias2@host2.example.com>" },
    }),
  },
  {
    name: "lwsdisp",
    section: "3.1.1.6",
    wire: wire`
OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: caller<sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID: lwsdisp.1234abcd@funky.example.com
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP funky.example.com;branch=z9hG4bKkdjuw
l: 0

`,
    expected: accepted({
      fromDisplay: "caller",
      fromUri: "sip:caller@example.com",
      fromTag: "323",
    }),
  },
  {
    name: "longreq",
    section: "3.1.1.7",
    wire: wire`
INVITE sip:user@example.com SIP/2.0
To: "I have a user name of ${"extreme".repeat(10)} proportion"<sip:user@example.com:6000;unknownparam1=very${"long".repeat(20)}value;longparam${"name".repeat(25)}=shortvalue;very${"long".repeat(25)}ParameterNameWithNoValue>
F: sip:${LONG_CALLER}@example.net;tag=12${"982".repeat(50)}424;unknownheaderparam${"name".repeat(20)}=unknowheaderparam${"value".repeat(15)};unknownValueless${"paramname".repeat(10)}
Call-ID: longreq.one${"really".repeat(20)}longcallid
CSeq: 3882340 INVITE
Unknown-${"Long".repeat(20)}-Name: unknown-${"long".repeat(20)}-value; unknown-${"long".repeat(20)}-parameter-name = unknown-${"long".repeat(20)}-parameter-value
Via: SIP/2.0/TCP sip33.example.com
v: SIP/2.0/TCP sip32.example.com
V: SIP/2.0/TCP sip31.example.com
Via: SIP/2.0/TCP sip30.example.com
ViA: SIP/2.0/TCP sip29.example.com
VIa: SIP/2.0/TCP sip28.example.com
VIA: SIP/2.0/TCP sip27.example.com
via: SIP/2.0/TCP sip26.example.com
viA: SIP/2.0/TCP sip25.example.com
vIa: SIP/2.0/TCP sip24.example.com
vIA: SIP/2.0/TCP sip23.example.com
V :  SIP/2.0/TCP sip22.example.com
v :  SIP/2.0/TCP sip21.example.com
V  : SIP/2.0/TCP sip20.example.com
v  : SIP/2.0/TCP sip19.example.com
Via : SIP/2.0/TCP sip18.example.com
Via  : SIP/2.0/TCP sip17.example.com
Via: SIP/2.0/TCP sip16.example.com
Via: SIP/2.0/TCP sip15.example.com
Via: SIP/2.0/TCP sip14.example.com
Via: SIP/2.0/TCP sip13.example.com
Via: SIP/2.0/TCP sip12.example.com
Via: SIP/2.0/TCP sip11.example.com
Via: SIP/2.0/TCP sip10.example.com
Via: SIP/2.0/TCP sip9.example.com
Via: SIP/2.0/TCP sip8.example.com
Via: SIP/2.0/TCP sip7.example.com
Via: SIP/2.0/TCP sip6.example.com
Via: SIP/2.0/TCP sip5.example.com
Via: SIP/2.0/TCP sip4.example.com
Via: SIP/2.0/TCP sip3.example.com
Via: SIP/2.0/TCP sip2.example.com
Via: SIP/2.0/TCP sip1.example.com
Via: SIP/2.0/TCP host.example.com;received=192.0.2.5;branch=${LONG_BRANCH}
Max-Forwards: 70
Contact: <sip:${LONG_CALLER}@host5.example.net>
Content-Type: application/sdp
l: 150

${sdp("192.0.2.1")}`,
    expected: accepted({
      fromUri: `sip:${LONG_CALLER}@example.net`,
      fromTag: `12${"982".repeat(50)}424`,
      toDisplay: `I have a user name of ${"extreme".repeat(10)} proportion`,
      callId: `longreq.one${"really".repeat(20)}longcallid`,
      vias: [
        ...Array.from({ length: 33 }, (_, i) => `TCP sip${33 - i}.example.com `),
        `TCP host.example.com ${LONG_BRANCH}`,
      ],
      contacts: [`sip:${LONG_CALLER}@host5.example.net`],
      bodyBytes: 150,
    }),
  },
  {
    name: "dblreq",
    section: "3.1.1.8",
    wire: wire`
REGISTER sip:example.com SIP/2.0
To: sip:j.user@example.com
From: sip:j.user@example.com;tag=43251j3j324
Max-Forwards: 8
I: dblreq.0ha0isndaksdj99sdfafnl3lk233412
Contact: sip:j.user@host.example.com
CSeq: 8 REGISTER
Via: SIP/2.0/UDP 192.0.2.125;branch=z9hG4bKkdjuw23492
Content-Length: 0


INVITE sip:joe@example.com SIP/2.0
t: sip:joe@example.com
From: sip:caller@example.net;tag=141334
Max-Forwards: 8
Call-ID: dblreq.0ha0isnda977644900765@192.0.2.15
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw380234
Content-Type: application/sdp
Content-Length: 150

${sdp("192.0.2.15")}`,
    expected: accepted({
      method: "REGISTER",
      callId: "dblreq.0ha0isndaksdj99sdfafnl3lk233412",
      contacts: ["sip:j.user@host.example.com"],
      bodyBytes: 0,
    }),
  },
  {
    name: "semiuri",
    section: "3.1.1.9",
    wire: wire`
OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0
To: sip:j_user@example.com
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Call-ID: semiuri.0ha0isndaksdj
CSeq: 8 OPTIONS
Accept: application/sdp, application/pkcs7-mime,
        multipart/mixed, multipart/signed,
        message/sip, message/sipfrag
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKkdjuw
l: 0

`,
    expected: accepted({
      target: { user: "user;par=u%40example.net", host: "example.com" },
      headers: {
        accept:
          "application/sdp, application/pkcs7-mime, multipart/mixed, multipart/signed, message/sip, message/sipfrag",
      },
    }),
  },
  {
    name: "transports",
    section: "3.1.1.10",
    wire: wire`
OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: <sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID:  transports.kijh4akdnaqjkwendsasfdj
Accept: application/sdp
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw
Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf
Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj
Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en
Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee
l: 0

`,
    expected: accepted({
      callId: "transports.kijh4akdnaqjkwendsasfdj",
      vias: [
        "UDP t1.example.com z9hG4bKkdjuw",
        "SCTP t2.example.com z9hG4bKklasjdhf",
        "TLS t3.example.com z9hG4bK2980unddj",
        "UNKNOWN t4.example.com z9hG4bKasd0f3en",
        "TCP t5.example.com z9hG4bK0a9idfnee",
      ],
    }),
  },
  {
    name: "mpart01",
    section: "3.1.1.11",
    wire: wire`
MESSAGE sip:kumiko@example.org SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport
Max-Forwards: 70
Route: <sip:127.0.0.1:5080>
Identity: r5mwreLuyDRYBi/0TiPwEsY3rEVsk/G2WxhgTV1PF7hHuLIK0YWVKZhKv9Mj8UeXqkMVbnVq37CD+813gvYjcBUaZngQmXc9WNZSDNGCzA+fWl9MEUHWIZo1CeJebdY/XlgKeTa0Olvq0rt70Q5jiSfbqMJmQFteeivUhkMWYUA=
Contact: <sip:fluffy@127.0.0.1:5070>
To: <sip:kumiko@example.org>
From: <sip:fluffy@example.com>;tag=2fb0dcc9
Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..
CSeq: 1 MESSAGE
Content-Transfer-Encoding: binary
Content-Type: multipart/mixed;boundary=7a9cbec02ceef655
Date: Sat, 15 Oct 2005 04:44:56 GMT
User-Agent: SIPimp.org/0.2.5 (curses)
Content-Length: 553

--7a9cbec02ceef655
Content-Type: text/plain
Content-Transfer-Encoding: binary

Hello
--7a9cbec02ceef655
Content-Type: application/octet-stream
Content-Transfer-Encoding: binary

${SIGNED_PART}
--7a9cbec02ceef655--
`,
    expected: accepted({
      method: "MESSAGE",
      vias: ["UDP 127.0.0.1 z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-"],
      bodyBytes: 553,
      headers: { date: "Sat, 15 Oct 2005 04:44:56 GMT" },
    }),
  },
  {
    name: "unreason",
    section: "3.1.1.12",
    wire: wire`
SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Call-ID: unreason.1234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: 154
Content-Type: application/sdp
Contact: <sip:user@host198.example.com>

${sdp("192.0.2.198")}`,
    expected: accepted({
      status: 200,
      reason: Buffer.from("= 2**3 * 5**2 но сто девяносто девять - простое").toString("latin1"),
      bodyBytes: 154,
    }),
  },
  {
    name: "noreason",
    section: "3.1.1.13",
    wire: wire`
SIP/2.0 100${" "}
Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe
Call-ID: noreason.asndj203insdf99223ndf
CSeq: 35 INVITE
From: <sip:user@example.com>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Content-Length: 0
Contact: <sip:user@host105.example.com>

`,
    expected: accepted({ status: 100, reason: "", contacts: ["sip:user@host105.example.com"] }),
  },
];
