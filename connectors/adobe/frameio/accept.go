package frameio

import (
	"net/http"
	"strings"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
)

// Accept believes what is signed with the secret of its address within five minutes. rest is the address behind Door.
func (p *Part) Accept(in connectors.Inbound, rest string) (connectors.Accepted, error) {
	var none connectors.Accepted
	if err := api.Post(in, mostBody); err != nil {
		return none, err
	}
	rest = strings.Trim(rest, "/")
	acc := connectors.Accepted{Kind: Door + ":unknown", Type: "application/json"}
	if !in.Trusted {
		var err error
		if acc.Secret, err = p.authentic(in, rest); err != nil {
			return none, err
		}
	}
	// Frame.io gives deliveries no id: the same words signed at the same time are the same delivery.
	acc.ID = Door + "/" + api.Hash(in.Header.Get("X-Frameio-Request-Timestamp"), string(in.Body))
	d, err := readPayload(in.Body)
	if err != nil {
		acc.Malformed = err.Error()
		return acc, nil
	}
	if account := d.account(); p.set.Mode != legacy && account != "" && account != p.set.Account {
		return none, &connectors.Refusal{Status: http.StatusUnauthorized, Reason: "another account", Signed: true}
	}
	return p.classified(acc, d), nil
}

func (p *Part) classified(acc connectors.Accepted, d *payload) connectors.Accepted {
	if acc.Malformed = d.missing(); acc.Malformed != "" {
		return acc
	}
	if acc.Ignored = p.foreign(d); acc.Ignored != "" {
		return acc
	}
	if d.action() {
		return p.pressed(acc, d)
	}
	acc.Kind = Door + ":" + d.event()
	switch {
	case d.about() == "":
		acc.Kind, acc.Ignored = Door+":unknown", "signoff does not use this event"
	case d.event() == "file.created":
		acc.Ignored = "its upload has only begun; signoff looks at the file when it is ready"
	default:
		acc.Enrich = true
	}
	return acc
}

// foreign says why a delivery is not for these settings.
func (p *Part) foreign(d *payload) string {
	account := d.account()
	switch {
	case p.set.Mode == legacy && account != "":
		return "it is one of Frame.io V4, and the settings say mode: legacy"
	case p.set.Mode != legacy && account == "" && d.Team.ID != "":
		return "it is one of the legacy Frame.io, and the settings do not say mode: legacy"
	}
	return ""
}

const (
	pressedKind = Door + ":action"
	sentKind    = Door + ":action.form"
)

// pressed names a press of a custom action by its interaction: every retry has the same, and one request comes of it.
func (p *Part) pressed(acc connectors.Accepted, d *payload) connectors.Accepted {
	acc.Waits = true
	if d.submitted() {
		acc.ID, acc.Kind, acc.Enrich = formID(d.Interaction), sentKind, true
		return acc
	}
	acc.ID, acc.Kind, acc.Ignored = pressID(d.Interaction), pressedKind, "a form was shown for it"
	return acc
}

func pressID(interaction string) string { return Door + "/press/" + interaction }
func formID(interaction string) string  { return Door + "/form/" + interaction }
