package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"

	"signoff/internal/sandbox"
)

func (t *transfer) auth(rest string) error {
	kind, initial, _ := strings.Cut(rest, " ")
	switch {
	case !t.extended:
		return t.reply("503 5.5.1 EHLO first")
	case !t.mayKnow():
		return t.reply("530 5.7.0 Must issue a STARTTLS command first")
	case t.who != "":
		return t.reply("503 5.5.1 Already authenticated")
	case t.env != nil:
		return t.reply("503 5.5.1 Not during a mail transaction")
	}
	ok, err := false, error(nil)
	switch strings.ToUpper(kind) {
	case "PLAIN":
		ok, err = t.plain(initial)
	case "LOGIN":
		ok, err = t.login(initial)
	case "XOAUTH2":
		ok, err = t.xoauth2(initial)
	default:
		return t.reply("504 5.5.4 Mechanism not offered")
	}
	switch {
	case errors.Is(err, errSASL):
		return t.reply("501 5.5.2 " + err.Error())
	case err != nil:
		return err
	case !ok:
		t.record(sandbox.Entry{Direction: sandbox.In, Method: overSMTP, Path: "AUTH " + kind, Status: 535, Note: "refused"})
		return t.reply("535 5.7.8 Authentication credentials invalid")
	}
	return t.reply("235 2.7.0 Authentication successful")
}

// errSASL says that what the client sent is not what the mechanism asks.
var errSASL = errors.New("cannot decode the response")

// response decodes an initial response, or asks for one.
func (t *transfer) response(initial, challenge string) ([]byte, error) {
	if initial == "" {
		if err := t.reply("334 " + base64.StdEncoding.EncodeToString([]byte(challenge))); err != nil {
			return nil, err
		}
		var err error
		if initial, err = t.line(12288); err != nil {
			return nil, err
		}
		if initial == "*" {
			return nil, errSASL
		}
	} else if initial == "=" {
		return nil, nil
	}
	said, err := base64.StdEncoding.DecodeString(initial)
	if err != nil {
		return nil, errSASL
	}
	return said, nil
}

func (t *transfer) plain(initial string) (bool, error) {
	said, err := t.response(initial, "")
	if err != nil {
		return false, err
	}
	parts := bytes.Split(said, []byte{0})
	if len(parts) != 3 {
		return false, errSASL
	}
	return t.signIn(string(parts[1]), string(parts[2])), nil
}

func (t *transfer) login(initial string) (bool, error) {
	user, err := t.response(initial, "Username:")
	if err != nil {
		return false, err
	}
	password, err := t.response("", "Password:")
	return err == nil && t.signIn(string(user), string(password)), err
}

func (t *transfer) xoauth2(initial string) (bool, error) {
	said, err := t.response(initial, "")
	if err != nil {
		return false, err
	}
	if t.signInByToken(said) {
		return true, nil
	}
	_, err = t.response("", `{"status":"401","schemes":"bearer","scope":"https://mail.example/"}`)
	return false, err
}
