package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"signoff/internal/strictjson"
)

const (
	macLength   = 22 // 128 bits in base64
	nonceLength = 6
)

// sealer marks values that travel through Slack and its clients, so that an altered one is known.
type sealer struct{ key []byte }

// mac covers the parts, each with its length, under a purpose of its own.
func (s sealer) mac(purpose string, parts ...string) string {
	h := hmac.New(sha256.New, s.key)
	for _, part := range append([]string{"slack", purpose}, parts...) {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

func (s sealer) matches(mac, purpose string, parts ...string) bool {
	return len(mac) == macLength && hmac.Equal([]byte(mac), []byte(s.mac(purpose, parts...)))
}

// nonce names one card for one stage and round, so that copies of a button tell where they were pressed.
func (s sealer) nonce(mark, stage string, round int) string {
	return s.mac("nonce", mark, stage, strconv.Itoa(round))[:nonceLength]
}

// press is what a button of ours means.
type press struct {
	Action  string `json:"a"`
	Request string `json:"r"`
	Round   int    `json:"n,omitempty"`
	Stage   string `json:"s,omitempty"`
	Version string `json:"v,omitempty"`
	Nonce   string `json:"c,omitempty"` // which card
	Value   string `json:"x,omitempty"` // what it carries besides: an account, a page, a setting
}

func (p press) parts() []string {
	parts := []string{p.Action, p.Request, strconv.Itoa(p.Round), p.Stage, p.Version, p.Nonce}
	if p.Value != "" {
		parts = append(parts, p.Value)
	}
	return parts
}

// value is the button's value: its parts and a MAC, parted by tildes.
func (s sealer) value(p press) string {
	parts := p.parts()
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(part, "%", "%25"), "~", "%7E")
	}
	return strings.Join(append(parts, s.mac("press", p.parts()...)), "~")
}

// pressed reads a value back; false when it is not ours or was altered.
func (s sealer) pressed(value string) (press, bool) {
	parts := strings.Split(value, "~")
	mac := len(parts) - 1
	if mac != 6 && mac != 7 || runes(value) > maxValue {
		return press{}, false
	}
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(part, "%7E", "~"), "%25", "%")
	}
	round, err := strconv.Atoi(parts[2])
	if err != nil {
		return press{}, false
	}
	p := press{Action: parts[0], Request: parts[1], Round: round, Stage: parts[3], Version: parts[4], Nonce: parts[5]}
	if mac == 7 {
		p.Value = parts[6]
	}
	return p, s.matches(parts[mac], "press", p.parts()...)
}

// Names of our forms; they are the callback ids of the modals.
const (
	formRequest  = "signoff_request"
	formChanges  = "signoff_changes"
	formDecline  = "signoff_decline"
	formWithdraw = "signoff_withdraw"
	formAnswer   = "signoff_answer"
	formDelegate = "signoff_delegate"
	formDetail   = "signoff_detail"
	formApprove  = "signoff_approve"
	formDraft    = "signoff_draft"
)

// origin is what a modal of ours carries along in its private metadata.
type origin struct {
	Form    string `json:"f"`
	User    string `json:"u"` // who opened it: nobody else can submit it
	Team    string `json:"t"`
	Channel string `json:"c,omitempty"` // where it was opened
	Name    string `json:"m,omitempty"` // the channel's name
	TS      string `json:"i,omitempty"` // the message it was opened at
	Thread  string `json:"h,omitempty"` // that message's thread
	Heard   string `json:"r,omitempty"` // the newest message that the form was filled from; what came after it is said in the conversation
	Press   *press `json:"p,omitempty"` // the button that opened it
}

// seal makes private metadata of o.
func (s sealer) seal(o origin) string {
	data, err := json.Marshal(o)
	if err != nil {
		return "" // strings and numbers always marshal
	}
	return s.mac("origin", string(data)) + string(data)
}

// open reads private metadata back; false when it is not ours or was altered.
func (s sealer) open(metadata string) (origin, bool) {
	var o origin
	if len(metadata) <= macLength || !s.matches(metadata[:macLength], "origin", metadata[macLength:]) {
		return origin{}, false
	}
	err := strictjson.Decode([]byte(metadata[macLength:]), &o, strictjson.Limits{})
	return o, err == nil
}
