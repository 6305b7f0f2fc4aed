package events

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"signoff/internal/pattern"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
)

const (
	mostBody = 4 << 20
	oldest   = 25 * time.Hour // Adobe tries for 24 hours; what comes later was recorded by somebody
)

var challengeForm = pattern.New(`^[0-9A-Za-z-]{1,128}$`)

// Accept answers Adobe's challenge, and believes what one of Adobe's keys has signed for our client id. The key is fetched here
// when it is not known yet: until then nothing may be stored.
func (p *Part) Accept(in connectors.Inbound, _ string) (connectors.Accepted, error) {
	var none connectors.Accepted
	if in.Method == http.MethodGet || in.Method == http.MethodHead {
		return p.challenged(in)
	}
	if err := api.Post(in, mostBody); err != nil {
		r, ok := errors.AsType[*connectors.Refusal](err)
		if ok && r.Allow != "" {
			r.Allow = "GET, POST"
		}
		return none, err
	}
	if reply := p.validation(in); reply != nil {
		return connectors.Accepted{Answer: reply}, nil
	}
	if !in.Trusted {
		if err := p.authentic(in); err != nil {
			return none, err
		}
	}
	acc := connectors.Accepted{Kind: Door + ":unknown", Type: "application/json"}
	acc.ID = Door + "/" + api.Hash(string(in.Body))
	list, err := elements(in.Body)
	if err != nil {
		acc.Malformed = err.Error()
		return acc, nil
	}
	for _, e := range list {
		if !in.Trusted && !e.isFor(p.set.ClientID) {
			return none, &connectors.Refusal{Status: http.StatusUnauthorized, Reason: "another client's, or nobody's", Signed: true}
		}
	}
	return p.classified(acc, list, in), nil
}

func (p *Part) classified(acc connectors.Accepted, list []element, in connectors.Inbound) connectors.Accepted {
	ids := make([]string, 0, len(list))
	for _, e := range list {
		ids = append(ids, e.id())
	}
	switch {
	case len(list) == 0:
		acc.Ignored = "it holds no event"
		return acc
	case len(list) > 1:
		acc.ID, acc.Kind = Door+"/batch/"+api.Hash(ids...), Door+":batch"
	case ids[0] != "":
		// The same event may come by webhook and by the journal; its bytes differ then.
		acc.ID, acc.Key = Door+"/event/"+ids[0], "event/"+ids[0]
		if in.Trusted {
			acc.ID = Door + "/journal/" + ids[0]
		}
	}
	why := ""
	for _, e := range list {
		f := e.read()
		if f.ignored == "" && !in.Trusted && e.stale(in.At) {
			f.ignored = "it is older than 25 hours: Adobe would not send it any more"
		}
		if f.ignored == "" {
			if len(list) == 1 {
				acc.Kind = Door + ":" + f.kind
			}
			acc.Enrich = true
			return acc
		}
		why = api.First(why, f.ignored)
	}
	acc.Ignored = why
	return acc
}

// challenged gives back what Adobe asks with, if it can be nothing but that.
func (p *Part) challenged(in connectors.Inbound) (connectors.Accepted, error) {
	given := in.Query["challenge"]
	if len(given) != 1 || !challengeForm.MatchString(given[0]) {
		return connectors.Accepted{}, &connectors.Refusal{Status: http.StatusBadRequest, Reason: "challenge"}
	}
	body, err := json.Marshal(map[string]string{"challenge": given[0]})
	if err != nil {
		return connectors.Accepted{}, err
	}
	return connectors.Accepted{Answer: answer(body)}, nil
}

func answer(body []byte) *connectors.Reply {
	return &connectors.Reply{Status: http.StatusOK, Body: body, Header: http.Header{
		"Content-Type": {"application/json"}, "X-Content-Type-Options": {"nosniff"}, "Cache-Control": {"no-store"},
	}}
}

// validation recognises Adobe's second way to ask whether the address is ours: somebody is to open an address within five
// minutes. Nobody has signed that, so it is shown to people and never opened by signoff.
func (p *Part) validation(in connectors.Inbound) *connectors.Reply {
	var m struct {
		Address string `json:"validationUrl"`
	}
	if len(in.Body) > 4096 || api.Decode(in.Body, &m, 4096) != nil || m.Address == "" {
		return nil
	}
	u, err := url.Parse(m.Address)
	if err == nil && u.Scheme == "https" && u.Host == "csm.adobe.io" && u.User == nil && strings.HasPrefix(u.Path, "/csm/registrations/validate") {
		p.validate.Store(&m.Address)
		p.deps.Log.Warn("adobe asks for the address of its webhook to be confirmed within five minutes", "open", m.Address)
	} else {
		p.deps.Log.Warn("an address to confirm is not adobe's; it is left alone")
	}
	return answer([]byte(`{"ok":true}`))
}

// authentic checks both of Adobe's signatures: either is enough, so that keys can be exchanged.
func (p *Part) authentic(in connectors.Inbound) error {
	one := func(names ...string) string {
		for _, name := range names {
			if v := in.Header.Values(name); len(v) == 1 {
				return v[0]
			}
		}
		return ""
	}
	pairs := [][2]string{
		{one("X-Adobe-Digital-Signature-1", "X-Adobe-Digital-Signature1"), one("X-Adobe-Public-Key1-Path", "X-Adobe-Public-Key-1-Path")},
		{one("X-Adobe-Digital-Signature-2", "X-Adobe-Digital-Signature2"), one("X-Adobe-Public-Key2-Path", "X-Adobe-Public-Key-2-Path")},
	}
	signed, unsure := false, false
	for _, pair := range pairs {
		if pair[0] == "" {
			continue
		}
		signed = true
		key, err := p.keys.of(pair[1])
		switch {
		case errors.Is(err, errUnsure):
			unsure = true
			p.deps.Log.Warn("a public key of adobe's cannot be fetched", "path", pair[1], "error", err)
		case err == nil && verifies(key, in.Body, pair[0]):
			return nil
		}
	}
	switch {
	case unsure:
		return &connectors.Refusal{Status: http.StatusServiceUnavailable, Reason: "adobe's key cannot be fetched"}
	case signed:
		return api.Unbelieved("signature wrong")
	case p.set.LegacySignature && p.sealed(in.Body, one("X-Adobe-Signature")):
		return nil
	}
	return api.Unbelieved("no signature")
}

// sealed checks the older signature, a keyed hash with the client secret.
func (p *Part) sealed(body []byte, given string) bool {
	mac := hmac.New(sha256.New, []byte(p.set.ClientSecret.Reveal()))
	mac.Write(body) // never fails
	raw, err := base64.StdEncoding.DecodeString(given)
	return err == nil && hmac.Equal(raw, mac.Sum(nil))
}
